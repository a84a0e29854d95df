// Two ranges, and two label sets, beside each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, changes, drag, frame, idle, push, rgb, shown, withBrowser } from "./page.mjs";

const open = withBrowser();

/** release checks what version 2.0 of the shop changed: see world_test.go. */
async function release(page) {
  await shown(page);
  await page.getByText("less in the comparison").waitFor();
  const by = await changes(page);
  assert.ok(by.get("regexp.(*Regexp).doExecute") < -1, `regexp changed by ${by.get("regexp.(*Regexp).doExecute")}`);
  assert.ok(by.get("compress/gzip.(*Writer).Write") > 1, `gzip changed by ${by.get("compress/gzip.(*Writer).Write")}`);
  const less = await rgb(frame(page, "regexp.(*Regexp).doExecute"));
  const more = await rgb(frame(page, "gzip.(*Writer).Write"));
  assert.ok(less[2] > less[0] + 30, `less is blue: ${less}`);
  assert.ok(more[0] > more[2] + 30, `more is orange: ${more}`);
}

test("two label sets", async (t) => {
  const page = await open(t, PAGE + "?from=now-15m");
  await shown(page);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  for (const [side, version] of [["baseline", "1.0"], ["comparison", "2.0"]]) {
    const filter = page.getByRole("combobox", { name: `Filter of the ${side}` });
    await filter.fill(`version="${version}"`);
    await filter.press("Enter");
    await page.getByRole("region", { name: side, exact: false }).first().getByText(/Last|–/).first().click();
    await page.getByRole("region", { name: side, exact: false }).first().getByRole("button", { name: "Last 15 minutes" }).click();
  }
  await page.waitForURL(/filter2=version/);
  await release(page);
  assert.equal(await page.locator(".plot").count(), 2);
  const other = await open(t, page.url());
  await release(other);
});

test("two ranges: the halves of what was shown", async (t) => {
  // The shop's ten minutes, of which the second half is the new version.
  const now = Date.now();
  const page = await open(t, `${PAGE}?from=${new Date(now - 11 * 60e3).toISOString()}&until=${new Date(now + 30e3).toISOString()}`);
  await shown(page);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await release(page);
  assert.equal(await page.getByRole("button", { name: /Export pprof of/ }).count(), 2);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.waitForURL((u) => !u.search.includes("compare"));
  await page.getByRole("columnheader", { name: "Self" }).waitFor();
});

test("the halves begin where there is data", async (t) => {
  // Three minutes of the default hour: the whole hour's first half has nothing.
  const ages = [180, 150, 120, 75, 45, 20];
  await Promise.all(ages.map((age) => push("y-young", age > 100 ? "main;spell 70\n" : "main;brew 70\n", age)));
  const page = await open(t, PAGE + "?service=y-young");
  await frame(page, "brew").waitFor();
  await page.locator(".legend").waitFor();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.waitForFunction(() => document.querySelector(".top tbody")?.textContent.match(/[+−]\d+\.0 pp/g)?.length >= 2);
  assert.equal(await page.locator(".one-sided").textContent(), "");
  const halves = page.url();
  const query = new URL(halves).searchParams;
  assert.equal(query.get("over"), "now-1h");
  assert.match(query.get("from"), /^now-(1[89]\d|2[0-4]\d)s$|^now-[34]m$/);
  assert.ok((await changes(page)).get("spell") < -60);
  // The preset does the same.
  const presets = page.getByRole("group", { name: "Compare with" });
  await presets.getByRole("button", { name: "A day before" }).click();
  await page.waitForURL((u) => u.searchParams.get("from2") === "now-1h");
  await idle(page);
  await presets.getByRole("button", { name: "Halves" }).click();
  await page.waitForURL((u) => /^now-\d+[sm]$/.test(u.searchParams.get("from")) && u.searchParams.get("from") !== "now-1h");
});

test("callers and callees are compared as well", async (t) => {
  const page = await open(t, `${PAGE}?compare=1&filter=version%3D%221.0%22&filter2=version%3D%222.0%22&fn=compress%2Fgzip.(*Writer).Write`);
  await page.getByRole("heading", { name: "Callees" }).waitFor();
  const more = await rgb(page.getByRole("application", { name: "Callees of" }).locator("g.frame").first());
  assert.ok(more[0] > more[2] + 30, `more is orange: ${more}`);
});

test("the ranges are dragged on timelines that show both", async (t) => {
  // Two kinds of work, 5 minutes each, that end 5 minutes ago.
  const ages = Array.from({ length: 10 }, (_, i) => 15 - i);
  await Promise.all(ages.map((age) => push("y-two", age > 10 ? "main;spell 70\n" : "main;brew 70\n", age * 60 - 20)));
  const page = await open(t, PAGE + "?service=y-two&from=now-20m");
  await frame(page, "brew").waitFor();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByText("less in the comparison").waitFor();
  const [baseline, comparison] = ["Baseline", "Comparison"].map((name) => page.getByRole("region", { name }));
  await drag(page, baseline, 0.28, 0.45);
  await page.waitForURL(/from=20/);
  await drag(page, comparison, 0.55, 0.72);
  await page.waitForURL(/from2=20/);
  await idle(page);
  await page.waitForFunction(() => document.querySelector(".top tbody")?.textContent.match(/[+−]100\.0 pp/g)?.length === 2);
  const by = await changes(page);
  assert.deepEqual([by.get("spell"), by.get("brew")], [-100, 100]);
  const query = new URL(page.url()).searchParams;
  assert.equal(query.get("over"), "now-20m", "the timelines show as much as before");
  const length = Date.parse(query.get("until")) - Date.parse(query.get("from"));
  assert.ok(Math.abs(length - 0.17 * 20 * 60e3) < 15e3, `${length} ms`);
  // Sums are of what was chosen.
  assert.match(await baseline.locator(".legend").textContent(), /all [1-3]\.\d+ s/);
  // Without a comparison there is the whole again.
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.waitForURL((u) => u.searchParams.get("from") === "now-20m" && !u.searchParams.has("over"));
});

test("a comparison with another time", async (t) => {
  await push("y-ago", "main;now 70\n", 60);
  await push("y-ago", "main;once 70\n", 24 * 3600 + 600);
  const page = await open(t, PAGE + "?service=y-ago&from=now-30m");
  await frame(page, "now").waitFor();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const presets = page.getByRole("group", { name: "Compare with" });
  await presets.getByRole("button", { name: "Just before" }).click();
  await page.waitForURL((u) => u.searchParams.get("until") === "now-30m" && u.searchParams.get("from2") === "now-30m");
  await page.getByText("The baseline has no profiles").waitFor();
  await presets.getByRole("button", { name: "A day before" }).click();
  await page.waitForURL((u) => u.searchParams.get("from") === "now-1470m" && u.searchParams.get("from2") === "now-30m");
  await frame(page, "once").waitFor();
  await page.getByText("The baseline has no profiles").waitFor({ state: "detached" });
  const by = await changes(page);
  assert.deepEqual([by.get("once"), by.get("now")], [-100, 100]);
  await presets.getByRole("button", { name: "Swap sides" }).click();
  await page.waitForFunction(() => [...document.querySelectorAll(".top tbody tr")].some((tr) => /^once.*\+100/.test(tr.textContent)));
});
