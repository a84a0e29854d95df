// Two ranges, and two label sets, beside each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, changes, frame, rgb, shown, withBrowser } from "./page.mjs";

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

test("callers and callees are compared as well", async (t) => {
  const page = await open(t, `${PAGE}?compare=1&filter=version%3D%221.0%22&filter2=version%3D%222.0%22&fn=compress%2Fgzip.(*Writer).Write`);
  await page.getByRole("heading", { name: "Callees" }).waitFor();
  const more = await rgb(page.getByRole("application", { name: "Callees of" }).locator("g.frame").first());
  assert.ok(more[0] > more[2] + 30, `more is orange: ${more}`);
});
