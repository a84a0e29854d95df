// The first five minutes of a stranger, in the browser; see firstminutes_test.go.
// Not among the other tests, which it would hold up: profiles come every 15 s.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { PAGE, changes, frame, rgb, shown, withBrowser } from "./page.mjs";

const open = withBrowser();
const patience = 120_000; // for what the host or an SDK uploads

/** start runs the program and returns how to wait for what it says. */
function start(t) {
  const program = spawn(process.env.PROGRAM, { env: { ...process.env, PYROCUMULUS_URL: PAGE }, stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => program.kill());
  const line = once(createInterface(program.stdout), "line");
  return { changed: async () => { assert.deepEqual(await line, ["brew"]); return Date.now(); } };
}

/** refreshed asks again until a locator is there. */
async function refreshed(page, locator) {
  const end = Date.now() + patience;
  while (await locator.count() === 0) {
    assert.ok(Date.now() < end, `not seen: ${locator}`);
    await page.waitForTimeout(1000);
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.locator('main[aria-busy="false"]').waitFor();
  }
}

/** choose types the range of one side. */
async function choose(page, side, from, until) {
  const region = page.getByRole("region", { name: side });
  await region.locator("summary").click();
  await region.getByLabel("From").fill(new Date(from).toISOString().slice(0, 19));
  await region.getByLabel("Until").fill(new Date(until).toISOString().slice(0, 19));
  await Promise.all([
    page.waitForResponse((r) => r.url().endsWith("/Diff")),
    region.getByRole("button", { name: "Apply" }).click(),
  ]);
  await page.locator('main[aria-busy="false"]').waitFor();
}

test("the first five minutes", async (t) => {
  const page = await open(t, PAGE);
  let loads = 0;
  page.on("load", () => loads++);

  // The host's own flame graph shows up by itself.
  const service = page.getByRole("combobox", { name: "Service" });
  await page.locator('g.frame[name="total"]').waitFor({ timeout: patience });
  assert.equal(await service.inputValue(), "pyrocumulus");

  // So does the stranger's program, and what it does.
  const begin = Date.now();
  const program = start(t);
  const mine = service.locator('option[value="my-app"]');
  await refreshed(page, mine);
  await service.selectOption("my-app");
  await shown(page);
  await frame(page, "main.spell").waitFor();
  assert.equal(await frame(page, "main.brew").count(), 0);

  // It changes, and the two ranges are compared.
  const change = await program.changed();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  // The SDK's ranges of 15 s begin at whole multiples; the one in which it changed has both.
  const next = Math.ceil(change / 15e3) * 15e3;
  await choose(page, "Baseline", begin - 20e3, change);
  await choose(page, "Comparison", next, next + 60e3);
  await refreshed(page, page.locator(".footnote", { hasText: /against [1-9]/ })); // not 0 s
  await shown(page);
  const by = await changes(page);
  assert.ok(by.get("main.spell") < -20, `spell changed by ${by.get("main.spell")}`);
  assert.ok(by.get("main.brew") > 20, `brew changed by ${by.get("main.brew")}`);
  const [less, more] = [await rgb(frame(page, "main.spell")), await rgb(frame(page, "main.brew"))];
  assert.ok(less[2] > less[0] + 30, `less is blue: ${less}`);
  assert.ok(more[0] > more[2] + 30, `more is orange: ${more}`);
  assert.equal(loads, 0, "the page was loaded again");
});
