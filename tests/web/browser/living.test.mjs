// What changes while one looks: new services, new profiles, one's own choices.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PAGE, frame, idle, pick, push, shown, widthOf, withBrowser } from "./page.mjs";

const open = withBrowser();
const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };
const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

test("a new service is among the services when they are looked at", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  await push("y-new", "main;fresh 7\n");
  const picker = page.getByRole("combobox", { name: "Service" });
  await picker.press("ArrowDown");
  await page.getByRole("option", { name: "y-new" }).click();
  await frame(page, "fresh").waitFor();
  assert.match(page.url(), /service=y-new/);
});

test("a service is found by typing, with the keyboard alone", async (t) => {
  await Promise.all(Array.from({ length: 30 }, (_, i) => push(`y-many-${i}-${i % 3 ? "cart" : "search"}`, "main;work 7\n")));
  const page = await open(t, PAGE);
  await shown(page);
  const picker = page.getByRole("combobox", { name: "Service" });
  const options = page.getByRole("listbox", { name: "Service: choices" }).getByRole("option");
  await picker.fill("SEARCH many");
  await page.getByRole("status").getByText(/^10 of \d+$/).waitFor();
  assert.equal(await options.count(), 10);
  for (const name of await options.allTextContents()) assert.match(name, /search/);
  await picker.press("ArrowDown");
  const active = await options.nth(1).textContent();
  assert.equal(await picker.evaluate((e) => document.getElementById(e.getAttribute("aria-activedescendant")).textContent), active);
  await picker.press("Enter");
  await page.waitForURL((u) => u.searchParams.get("service") === active);
  assert.equal(await picker.inputValue(), active);
  await picker.fill("no such service");
  await page.getByText("None has this in its name.").waitFor();
  await picker.press("Escape");
  assert.equal(await picker.inputValue(), active);
});

test("it refreshes by itself, and disturbs nobody", async (t) => {
  await push("y-live", "main;old;deep 7\nmain;other 70\n");
  const page = await open(t, `${PAGE}?service=y-live&view=flame`, { viewport: { width: 1000, height: 420 } });
  let loads = 0;
  page.on("load", () => loads++);
  await frame(page, "deep").waitFor();
  const whole = await widthOf(frame(page, "total"));
  await frame(page, "old").click();
  assert.equal(await widthOf(frame(page, "old")), whole);
  await page.getByRole("combobox", { name: "Refresh by itself" }).selectOption("5 s");
  await page.waitForURL(/refresh=5s/);
  // In the middle of typing a range, somewhere down the page.
  await page.locator("header summary").click();
  await page.getByRole("textbox", { name: "From" }).fill("now-3");
  await page.evaluate(() => scrollTo(0, 150));
  const scrolled = await page.evaluate(() => scrollY);
  await push("y-live", "main;old;deep;newest 700\n", 5);
  await frame(page, "newest").waitFor();
  assert.equal(await widthOf(frame(page, "old")), whole, "the zoom stays");
  assert.equal(await page.getByRole("textbox", { name: "From" }).inputValue(), "now-3");
  assert.ok(await page.getByRole("textbox", { name: "From" }).evaluate((e) => e === document.activeElement), "the focus stays");
  assert.equal(await page.evaluate(() => scrollY), scrolled);
  assert.equal(loads, 0);
  // The cursor of the keys stays as well.
  await page.getByRole("textbox", { name: "From" }).press("Escape");
  const graph = page.getByRole("application", { name: "Flame graph" });
  await graph.focus();
  await graph.press("ArrowDown");
  const at = () => page.locator("g.frame.cursor").getAttribute("name");
  const before = await at();
  await Promise.all([page.waitForResponse(/SelectMergeStacktraces/), page.getByRole("button", { name: "Refresh", exact: true }).evaluate((b) => b.click())]);
  await idle(page);
  assert.equal(await at(), before);
});

test("what ends in the past is not asked for again", async (t) => {
  const page = await open(t, PAGE);
  await page.clock.install();
  let asked = 0;
  page.on("request", (r) => { if (r.url().includes("SelectMergeStacktraces")) asked++; });
  for (const [until, again] of [["now", true], [new Date(Date.now() + 60e3).toISOString(), false]]) {
    await page.goto(`${PAGE}?from=now-1h&until=${until}&refresh=15s`);
    await shown(page);
    asked = 0;
    await page.clock.runFor(20_000);
    await idle(page);
    assert.equal(asked > 0, again, `until ${until}: asked ${asked} times`);
  }
});

test("calls of a function by itself are shown as one", async (t) => {
  await push("y-recursive", "main;fib;fib;fib;leaf 7\nmain;fib 3\n");
  const page = await open(t, `${PAGE}?service=y-recursive&view=flame`);
  await frame(page, "leaf").waitFor();
  const fibs = page.locator('g.frame[name="fib"]');
  assert.equal(await fibs.count(), 3);
  await page.getByRole("button", { name: "Collapse recursion" }).click();
  await page.waitForURL(/collapse=1/);
  await page.waitForFunction(() => document.querySelectorAll('g.frame[name="fib"]').length === 1);
  await frame(page, "leaf").waitFor();
  await pick(page, "shop");
  await shown(page);
});

test("a frame's menu, with the mouse and with keys", async (t) => {
  const page = await open(t, PAGE + "?view=flame", clipboard);
  await shown(page);
  await frame(page, "http.(*conn).serve").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Copy name" }).click();
  await page.getByRole("menu").waitFor({ state: "detached" });
  assert.equal(await copied(page), "net/http.(*conn).serve");
  const graph = page.getByRole("application", { name: "Flame graph" });
  assert.ok(await graph.evaluate((e) => e === document.activeElement), "the focus comes back");
  await graph.press("Home");
  await graph.press("ArrowDown");
  await graph.press("ArrowDown");
  await graph.press("c");
  await page.locator(".flame [aria-live]").getByText("Copied").waitFor();
  assert.equal(await copied(page), "net/http.serverHandler.ServeHTTP");
  await graph.press("Shift+F10");
  await page.getByRole("menuitem", { name: "Zoom in" }).press("ArrowUp");
  await page.getByRole("menuitem", { name: "Search for it" }).press("Escape");
  assert.equal(await page.getByRole("menu").count(), 0);
  await graph.press("Shift+F10");
  await page.getByRole("menuitem", { name: "Zoom in" }).press("ArrowDown");
  await page.getByRole("menuitem", { name: "Callers and callees" }).press("Enter");
  await page.waitForURL(/fn=net%2Fhttp\.serverHandler\.ServeHTTP/);
  await page.getByRole("button", { name: "Copy name" }).click();
  assert.equal(await copied(page), "net/http.serverHandler.ServeHTTP");
});

test("a link with the times as they are", async (t) => {
  const page = await open(t, PAGE + "?from=now-20m&refresh=1m", clipboard);
  await shown(page);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const query = new URL(await copied(page)).searchParams;
  const [from, until] = [Date.parse(query.get("from")), Date.parse(query.get("until"))];
  assert.equal(until - from, 20 * 60e3);
  assert.ok(Math.abs(Date.now() - until) < 120e3);
  assert.equal(query.get("service"), "shop");
  assert.ok(!query.has("refresh"));
  const other = await open(t, await copied(page));
  await shown(other);
});

test("CPU time is shown once it is there, unless something else was chosen", async (t) => {
  // What an SDK uploads first may be waiting for locks alone.
  const locks = readFileSync("../../fixtures/block-shop_0.pb.gz");
  const from = Math.floor(Date.now() / 1000 - 30);
  const answer = await fetch(`${PAGE}/ingest?${new URLSearchParams({ name: "y-late", format: "pprof", from, until: from + 10 })}`, { method: "POST", body: locks });
  assert.equal(answer.status, 200, await answer.text());
  const [late, chosen] = [await open(t, PAGE + "?service=y-late", clipboard), await open(t, PAGE + "?service=y-late")];
  const profile = (page) => page.getByRole("combobox", { name: "Profile", exact: true });
  for (const page of [late, chosen]) {
    await page.getByText("Mutex · contentions").first().waitFor({ state: "attached" }); // looked for by itself
    await shown(page);
    assert.ok(!page.url().includes("type="), page.url());
  }
  await profile(chosen).selectOption({ label: "Mutex · delay" });
  await chosen.waitForURL(/type=mutex%3Adelay/);
  await push("y-late", "main;work 7\nmain;rest 2\n", 10);
  await frame(late, "work").waitFor();
  assert.equal(await profile(late).locator("option:checked").textContent(), "CPU · cpu");
  assert.match(await late.title(), /CPU · cpu/);
  // A link has what is shown.
  await late.getByRole("button", { name: "Copy link" }).click();
  await late.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(new URL(await copied(late)).searchParams.get("type"), "process_cpu:cpu:nanoseconds:cpu:nanoseconds");
  // What was chosen stays.
  await Promise.all([chosen.waitForResponse(/SelectMergeStacktraces/), chosen.getByRole("button", { name: "Refresh", exact: true }).click()]);
  await chosen.locator("option", { hasText: "CPU · cpu" }).waitFor({ state: "attached" });
  await idle(chosen);
  assert.equal(await profile(chosen).locator("option:checked").textContent(), "Mutex · delay");
  await shown(chosen);
});
