// What is not a profile: nothing, trouble, waiting, and strangers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, PROXY, TENANTS, send, shown, withBrowser } from "./page.mjs";

const open = withBrowser();
const failed = { allow: ["Failed to load resource"] }; // the browser's own line on a status of 4xx or 5xx

test("without profiles it says how to push one", async (t) => {
  const context = { permissions: ["clipboard-read", "clipboard-write"] };
  const page = await open(t, `${PAGE}?from=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z`, context);
  await page.getByRole("heading", { name: "No profiles yet" }).waitFor();
  await page.getByRole("button", { name: "Copy: Any pprof file" }).click();
  await page.getByRole("button", { name: "Copy: Any pprof file" }).getByText("Copied").waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(command, `curl --data-binary @cpu.pprof '${PAGE}/ingest?format=pprof&name=my-app'`);
  await page.getByRole("button", { name: "last 24 hours" }).click();
  await shown(page);
});

test("a filter that nothing matches", async (t) => {
  const page = await open(t, PAGE + "?filter=pod%3D%22none%22");
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await page.getByRole("button", { name: "Clear filter" }).click();
  await shown(page);
});

test("a selector that is none is explained in the server's words", async (t) => {
  const page = await open(t, PAGE + "?filter=pod%3D", failed);
  const alert = page.getByRole("alert");
  await alert.getByRole("heading", { name: "This did not work" }).waitFor();
  assert.match(await alert.textContent(), /selector.*Status 400, invalid_argument/);
  // It is mended where it was typed.
  const filter = page.getByRole("combobox", { name: "Filter" });
  for (const [typed, wrong] of [['pod=~"(', true], ['pod=~"shop.*"', false]]) {
    await filter.fill(typed);
    await filter.press("Enter");
    await page.waitForURL((u) => u.searchParams.get("filter") === typed);
    await (wrong ? alert.waitFor() : shown(page));
  }
  assert.equal(await alert.count(), 0);
});

test("the server's message is shown, and the query can be tried again", async (t) => {
  const page = await open(t, PROXY + "/broken/", failed);
  const alert = page.getByRole("alert");
  await alert.getByText("3 of 12 blocks cannot be read at the moment").waitFor();
  const [again] = await Promise.all([
    page.waitForRequest((r) => r.url().includes("SelectMergeStacktraces")),
    page.getByRole("button", { name: "Try again" }).click(),
  ]);
  assert.equal(again.method(), "POST");
  await alert.waitFor();
});

test("a slow query shows that it is under way", async (t) => {
  const page = await open(t, PROXY + "/slow/");
  await page.getByRole("progressbar").waitFor();
  assert.equal(await page.locator("main").getAttribute("aria-busy"), "true");
  assert.equal(await page.locator("g.frame").count(), 0);
  const released = page.waitForResponse((r) => r.url().includes("SelectMergeStacktraces"));
  await fetch(PROXY + "/release", { method: "POST" });
  await released;
  await shown(page);
  assert.equal(await page.getByRole("progressbar").count(), 0);
});

test("a slow query can be stopped", async (t) => {
  const page = await open(t, PROXY + "/slow/");
  const stopped = page.waitForEvent("requestfailed", (r) => r.url().includes("SelectMergeStacktraces"));
  await page.getByRole("button", { name: "Stop" }).click();
  await stopped;
  await page.getByRole("heading", { name: "Stopped" }).waitFor();
});

test("with an authorizer in front it asks for a token, of this tab only", async (t) => {
  const page = await open(t, PROXY + "/locked/", failed);
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  await page.getByText("Unauthorized").waitFor();
  await page.getByLabel("Token").fill("sesame");
  await page.getByRole("button", { name: "Continue" }).click();
  await shown(page);
  assert.equal(await page.evaluate(() => Object.values(localStorage).join().includes("sesame")), false);
  assert.ok(!page.url().includes("sesame"));
  await page.reload();
  await shown(page);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Forget me" }).click();
  await page.getByText("Unauthorized").waitFor();
});

test("with several tenants it asks for one", async (t) => {
  const page = await open(t, TENANTS, failed);
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  await page.getByLabel(/Tenant/).fill("acme");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "No profiles yet" }).waitFor();
  await page.getByText("-H 'X-Scope-OrgID: acme'").waitFor();
  // The first profile shows up by itself.
  const pushed = await fetch(TENANTS + "/ingest?name=first&format=folded", { method: "POST", headers: { "X-Scope-OrgID": "acme" }, body: "main;work 7\nmain;rest 2\n" });
  assert.equal(pushed.status, 200);
  await page.locator('g.frame[name="work"]').waitFor();
});

test("with tokens it says who may not, and lets in who may", async (t) => {
  const { LOCKED, INGEST_TOKEN, QUERY_TOKEN } = process.env;
  await send("y-locked", "main;secret 7\n", 20, { Authorization: `Bearer ${INGEST_TOKEN}` }, LOCKED);
  const page = await open(t, LOCKED, failed);
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  await page.getByText("no token").waitFor();
  // Nobody asks again while the token is typed.
  await page.clock.install();
  await page.goto(LOCKED + "?refresh=5s");
  await page.getByLabel("Token").fill("pyc_ab");
  await page.clock.runFor(20_000);
  assert.equal(await page.getByLabel("Token").inputValue(), "pyc_ab");
  const enter = async (token) => {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Continue" }).click();
  };
  await enter("pyc_wrong");
  await page.getByText("The server says: ").filter({ hasNotText: "no token" }).waitFor();
  await enter(INGEST_TOKEN);
  await page.getByRole("heading", { name: "You may not see this" }).waitFor();
  await page.getByText(`the token has not the scope "query"`).waitFor();
  await enter(QUERY_TOKEN);
  await page.locator('g.frame[name="secret"]').waitFor();
  await page.reload();
  await page.locator('g.frame[name="secret"]').waitFor();
});

test("a browser without a language", async (t) => {
  // As Chromium has it where the system's language is POSIX; Intl refuses it.
  const before = () => Object.defineProperty(Navigator.prototype, "language", { get: () => "en-US@posix" });
  await shown(await open(t, PAGE, { before }));
});
