// How to send profiles: snippets to copy.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, PROXY, TENANTS, shown, withBrowser } from "./page.mjs";

const open = withBrowser();
const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };
const nothing = "?from=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z";

test("there is a snippet for each client, with the address, by the keyboard", async (t) => {
  const page = await open(t, PAGE + nothing, clipboard);
  const tab = (name) => page.getByRole("tab", { name, exact: true });
  await tab("Go").focus();
  const seen = [];
  for (const name of ["Go", "Java", "Python", "Node.js", ".NET", "Ruby", "Rust", "Alloy"]) {
    assert.equal(await tab(name).getAttribute("aria-selected"), "true", name);
    await page.keyboard.press("Tab"); // to what is copied
    await page.keyboard.press("Enter");
    await page.getByRole("tabpanel", { name }).getByRole("status").getByText("Copied").waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(text.includes(PAGE), text);
    assert.ok(!text.includes("<"), text);
    seen.push(text);
    await tab(name).focus();
    await page.keyboard.press("ArrowRight");
  }
  assert.equal(new Set(seen).size, 8);
  assert.equal(await tab("Go").getAttribute("aria-selected"), "true", "and around");
});

test("who has a token sees where it goes, and not the token", async (t) => {
  const page = await open(t, PROXY + "/locked/", { ...clipboard, allow: ["Failed to load resource"] });
  await page.getByLabel("Token").fill("sesame");
  await page.getByRole("button", { name: "Continue" }).click();
  await shown(page);
  await page.getByRole("button", { name: "Send profiles" }).click();
  const section = page.getByRole("region", { name: "Send profiles" });
  await section.getByText(`-u '<tenant>:<token>'`).waitFor();
  await page.getByRole("tab", { name: "Python" }).click();
  await section.getByText(`basic_auth_password="<token>"`).waitFor();
  await section.getByText(`server_address="${PROXY}/locked"`).waitFor();
  assert.ok(!(await section.textContent()).includes("sesame"));
  await page.getByRole("button", { name: "Back to the profiles" }).click();
  await shown(page);
});

test("who has named a tenant sees it in the snippets", async (t) => {
  const page = await open(t, TENANTS, { allow: ["Failed to load resource"] });
  await page.getByLabel(/Tenant/).fill("beta");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "No profiles yet" }).waitFor();
  await page.getByText(`TenantID: "beta"`).waitFor();
});
