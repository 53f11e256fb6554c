// Puts what changed into its place; without it, the page is as good as when it was asked for.
const parts = "a, button";
const events = new EventSource(document.querySelector("[data-events]").dataset.events);
// What is pressed stays until it is let go: whoever presses a button that is put anew meanwhile has pressed none.
let held = false;
let waiting = {};
function put() {
  if (held) return;
  for (const [id, markup] of Object.entries(waiting)) {
    const place = document.getElementById(id);
    const at = [...place.querySelectorAll(parts)].indexOf(document.activeElement);
    place.innerHTML = markup;
    if (at >= 0) place.querySelectorAll(parts)[at]?.focus();
  }
  waiting = {};
}
events.onmessage = ({ data }) => {
  Object.assign(waiting, JSON.parse(data));
  put();
};
addEventListener("pointerdown", ({ button }) => { held = button === 0; });
for (const end of ["pointerup", "pointercancel", "blur"]) {
  // The click comes after it.
  addEventListener(end, () => setTimeout(() => { held = false; put(); }));
}
addEventListener("pagehide", () => events.close());
