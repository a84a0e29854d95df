// The way of somebody who looks at a profile.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PAGE, frame, frames, shown, widthOf, withBrowser } from "./page.mjs";

const open = withBrowser();

test("the page shows a profile at once", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  assert.equal(await page.getByRole("combobox", { name: "Service", exact: true }).inputValue(), "shop");
  assert.equal(await page.getByRole("combobox", { name: "Profile", exact: true }).inputValue(), "process_cpu:cpu:nanoseconds:cpu:nanoseconds");
  assert.match(await page.title(), /^shop – CPU · cpu/);
  await page.getByText(/Answered in \d+ ms from \d+ blocks?/).waitFor();
  assert.equal(await page.locator(".plot canvas").count(), 1);
});

test("another profile type is chosen", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  await page.getByRole("combobox", { name: "Profile", exact: true }).selectOption({ label: "Memory · inuse space" });
  await page.getByText(/[KMG]iB in total/).waitFor();
  assert.match(page.url(), /type=memory%3Ainuse_space/);
  await page.goBack();
  await page.getByText(/min in total|s in total/).waitFor();
});

test("the filter completes names and values", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  const before = await page.locator(".footnote").textContent();
  const filter = page.getByRole("combobox", { name: "Filter" });
  await filter.focus();
  await filter.pressSequentially("ver");
  await page.getByRole("listbox").getByRole("option", { name: "version" }).waitFor();
  await filter.press("ArrowDown");
  await filter.press("Enter");
  await page.getByRole("listbox").getByRole("option", { name: "2.0" }).click();
  assert.equal(await filter.inputValue(), 'version="2.0"');
  await page.waitForURL(/filter=version/);
  await page.waitForFunction((text) => document.querySelector(".footnote")?.textContent.split(".")[0] !== text, before.split(".")[0]);
  await page.getByRole("button", { name: "Clear filter" }).click();
  await page.waitForURL((u) => !u.search.includes("filter="));
});

test("the timeline is divided by a label", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  await page.getByLabel("Divide the timeline by").selectOption("pod");
  const legend = page.getByRole("list", { name: "Sums of Values over time" });
  await legend.getByText("shop-2").waitFor();
  assert.equal(await legend.getByRole("listitem").count(), 3);
});

test("a click zooms in, and out again", async (t) => {
  const page = await open(t, PAGE + "?view=flame");
  await shown(page);
  const serve = frame(page, "http.(*conn).serve");
  const before = await widthOf(serve);
  await serve.click();
  await page.waitForFunction((w) => [...document.querySelectorAll("g.frame")].some((g) => g.getAttribute("name") === "http.(*conn).serve" && +g.getAttribute("width") > w * 1.2), before);
  await frame(page, "total").click();
  await page.waitForFunction((w) => [...document.querySelectorAll("g.frame")].some((g) => g.getAttribute("name") === "http.(*conn).serve" && Math.abs(+g.getAttribute("width") - w) < 2), before);
});

test("hovering says what a frame stands for", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  await frame(page, "http.(*conn).serve").hover();
  const tip = page.locator(".tip:visible");
  await tip.waitFor();
  assert.match(await tip.textContent(), /net\/http\.\(\*conn\)\.serve.*%.*self/);
});

test("search marks frames and filters the table", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  await page.getByRole("searchbox").fill("REGEXP");
  await page.getByText(/% in matching stacks/).waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("g.frame rect")].filter((r) => r.getAttribute("fill") !== "var(--frame-faded)").length > 0
    && document.querySelector('g.frame[name="total"] rect').getAttribute("fill") === "var(--frame-faded)");
  for (const name of await page.locator(".top .name").allTextContents()) assert.match(name, /regexp/i);
  await page.getByRole("searchbox").fill("nothing-has-this-name");
  await page.getByText("No function's name contains").waitFor();
});

test("the table is sorted by its heads", async (t) => {
  const page = await open(t, PAGE + "?view=table");
  const total = page.getByRole("columnheader", { name: "Total" });
  await total.getByRole("button").click();
  assert.equal(await total.getAttribute("aria-sort"), "descending");
  const shares = await page.locator(".top tbody tr td:nth-child(3) .extra").allTextContents();
  const numbers = shares.map((s) => parseFloat(s));
  assert.deepEqual(numbers, [...numbers].sort((x, y) => y - x));
  await total.getByRole("button").click();
  assert.equal(await total.getAttribute("aria-sort"), "ascending");
  assert.equal(await frames(page).count(), 0);
});

test("a function's callers and callees", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  await page.getByRole("searchbox").fill("serverHandler");
  await page.getByRole("button", { name: "net/http.serverHandler.ServeHTTP" }).click();
  await page.getByRole("heading", { name: "Callers" }).waitFor();
  for (const label of ["Callers of", "Callees of"]) await page.getByRole("application", { name: label }).locator("g.frame").nth(1).waitFor();
  const names = (label) => page.getByRole("application", { name: label }).locator("g.frame").evaluateAll((all) => all.map((g) => g.getAttribute("name")));
  const [callers, callees] = [await names("Callers of"), await names("Callees of")];
  assert.ok(callers.includes("http.(*conn).serve") && !callers.includes("http.HandlerFunc.ServeHTTP"), callers.join(" "));
  assert.ok(callees.includes("http.HandlerFunc.ServeHTTP") && !callees.includes("http.(*conn).serve"), callees.join(" "));
  assert.match(page.url(), /fn=net%2Fhttp/);
  await page.getByRole("button", { name: "Back to the whole profile" }).click();
  await frame(page, "total").waitFor();
});

test("a pprof is exported", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export pprof" }).click()]);
  assert.equal(download.suggestedFilename(), "shop-process_cpu-cpu.pb.gz");
  const profile = gunzipSync(readFileSync(await download.path()));
  assert.ok(profile.includes("net/http.(*conn).serve"), "its string table has the function");
});

test("a link shows the same to somebody else", async (t) => {
  const page = await open(t, PAGE + "?from=now-30m");
  await shown(page);
  await page.getByRole("searchbox").fill("json");
  await page.getByRole("group", { name: "View" }).getByRole("button", { name: "Flame graph" }).click();
  await page.getByLabel("Divide the timeline by").selectOption("region");
  const other = await open(t, page.url());
  await shown(other);
  assert.equal(await other.getByRole("searchbox").inputValue(), "json");
  assert.equal(await other.getByLabel("Divide the timeline by").inputValue(), "region");
  assert.equal(await other.locator("header summary").textContent(), "Time range: Last 30 minutes");
  assert.equal(await other.locator(".top").count(), 0);
});
