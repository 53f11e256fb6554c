// Puts what changed into its place; without it, the page is as good as when it was asked for.
const parts = "a, button";
const events = new EventSource(document.querySelector("[data-events]").dataset.events);
events.onmessage = ({ data }) => {
  for (const [id, markup] of Object.entries(JSON.parse(data))) {
    const place = document.getElementById(id);
    const at = [...place.querySelectorAll(parts)].indexOf(document.activeElement);
    place.innerHTML = markup;
    if (at >= 0) place.querySelectorAll(parts)[at]?.focus();
  }
};
addEventListener("pagehide", () => events.close());
