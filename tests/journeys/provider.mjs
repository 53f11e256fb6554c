// A sign-in at the SIMULATED provider, as a person does it.

import { arrive, press } from "./home.mjs";

/** Goes from the page an attestor begins with, or the provider's own, to where the provider sends the browser back. */
export async function signIn(page, { account, onPage = () => {} } = {}) {
  const begin = page.locator('a[href^="/begin/"]'); // the attestor says first what is about to happen
  const password = page.getByText(/password is/);
  await begin.or(password).first().waitFor();
  if (await begin.count() > 0) await arrive(page, begin);
  const said = await password.first().innerText();
  await onPage();
  if (account) await page.getByLabel("Address").fill(account);
  await page.getByLabel("Password").fill(/password is ([^<]+?)\./.exec(said)[1]);
  await press(page, "Sign in and allow");
}
