// The first five minutes of a stranger, in the browser; see firstminutes_test.go.
// Not among the other tests, which it would hold up: profiles come every 15 s.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { PAGE, changes, drag, frame, idle, rgb, shown, withBrowser } from "./page.mjs";

const open = withBrowser();
const patience = 120_000; // for what the host or an SDK uploads

/** start runs the program and returns how to wait for what it says. */
function start(t) {
  const program = spawn(process.env.PROGRAM, { env: { ...process.env, PYROCUMULUS_URL: PAGE }, stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => program.kill());
  const line = once(createInterface(program.stdout), "line");
  return { changed: async () => { assert.deepEqual(await line, ["brew"]); return Date.now(); } };
}

/** windows follows which range of time the timelines show, and returns where in it a time is. */
function windows(page) {
  let last;
  page.on("request", (r) => { if (r.url().endsWith("/SelectSeries")) last = r.postDataJSON(); });
  return (ms) => Math.min(0.999, Math.max(0.001, (ms - last.start) / (last.end - last.start)));
}

test("the first five minutes", async (t) => {
  const page = await open(t, PAGE);
  const share = windows(page);
  let loads = 0;
  page.on("load", () => loads++);

  // The host's own flame graph shows up by itself.
  const service = page.getByRole("combobox", { name: "Service" });
  await page.locator('g.frame[name="total"]').waitFor({ timeout: patience });
  assert.equal(await service.inputValue(), "pyrocumulus");
  // What comes first is something else; the page turns to the CPU by itself.
  const profile = page.getByRole("combobox", { name: "Profile" });
  await profile.locator("option:checked", { hasText: /^CPU · cpu$/ }).waitFor({ state: "attached", timeout: patience });
  await page.locator(".plot-title", { hasText: "CPU · cpu" }).waitFor();

  // So does the stranger's program, and what it does.
  const program = start(t);
  const every = page.getByRole("combobox", { name: "Refresh by itself" });
  await every.selectOption("5 s");
  await service.click();
  await page.getByRole("option", { name: "my-app" }).click({ timeout: patience });
  await page.locator("header summary").click();
  await page.getByRole("button", { name: "Last 5 minutes" }).click();
  await frame(page, "main.spell").waitFor();
  assert.equal(await frame(page, "main.brew").count(), 0);

  // It changes, and what was before is compared with what was since.
  const change = await program.changed();
  await frame(page, "main.brew").waitFor({ timeout: patience });
  await every.selectOption("off");
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  // The SDK's profiles begin at multiples of 15 s; the one in which it changed has both.
  const both = Math.floor(change / 15e3) * 15e3;
  const [baseline, comparison] = ["Baseline", "Comparison"].map((name) => page.getByRole("region", { name }));
  await idle(page);
  await drag(page, baseline, share(0), share(both - 7500));
  await page.waitForURL(/[?&]until=20/);
  await idle(page);
  await drag(page, comparison, share(both + 7500), share(Infinity));
  await page.waitForURL(/until2=20/);
  await every.selectOption("5 s");
  await page.locator(".footnote", { hasText: /against [1-9]/ }).waitFor({ timeout: patience }); // not 0 s
  await shown(page);
  const by = await changes(page);
  assert.ok(by.get("main.spell") < -20, `spell changed by ${by.get("main.spell")}`);
  assert.ok(by.get("main.brew") > 20, `brew changed by ${by.get("main.brew")}`);
  const [less, more] = [await rgb(frame(page, "main.spell")), await rgb(frame(page, "main.brew"))];
  assert.ok(less[2] > less[0] + 30, `less is blue: ${less}`);
  assert.ok(more[0] > more[2] + 30, `more is orange: ${more}`);
  assert.equal(loads, 0, "the page was loaded again");
});
