// What the tests do on the page, in words.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launch } from "./browser.mjs";

/** Where the servers are; see browser_test.go. */
export const { PAGE, TENANTS, PROXY, SCREENSHOTS } = process.env;

export const wait = 15_000; // for what must happen; the machine may be busy

/** withBrowser starts a browser for the tests of a file and returns how to open pages in it. */
export function withBrowser() {
  let browser;
  before(async () => { browser = await launch(); });
  after(() => browser?.close());
  /** open loads a URL in a profile of its own. It fails the test if the page logs an error or asks another server. The script before is run before those of the page. */
  return async (t, url, { allow = [], before, ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, locale: "en-US", timezoneId: "UTC", ...options });
    if (before) await context.addInitScript(before);
    const page = await context.newPage();
    page.setDefaultTimeout(wait);
    const wrong = [];
    page.on("pageerror", (e) => wrong.push(`error: ${e.message}`));
    page.on("console", (m) => {
      if (["error", "warning"].includes(m.type()) && !allow.some((a) => m.text().includes(a))) wrong.push(`${m.type()}: ${m.text()}`);
    });
    page.on("request", (r) => { if (!/^(blob|data):/.test(r.url()) && new URL(r.url()).origin !== new URL(url).origin) wrong.push(`request: ${r.url()}`); });
    t.after(async () => {
      await context.close();
      assert.deepEqual(wrong, []);
    });
    await page.goto(url);
    return page;
  };
}

/** frames are the texts of the flame graph's frames, as many as are drawn. */
export const frames = (page) => page.locator("g.frame");

/** shown waits for a flame graph. */
export async function shown(page) {
  await page.locator("g.frame").nth(3).waitFor();
  await page.locator('main[aria-busy="false"]').waitFor();
}

/** frame is the first frame with a name. */
export const frame = (page, name) => page.locator(`g.frame[name="${name}"]`).first();

/** widthOf is how wide a frame is drawn, in pixels. */
export const widthOf = async (locator) => Number(await locator.getAttribute("width"));

/** send sends a profile of folded stacks, so many seconds old, and returns when it begins, in ms. */
export async function send(service, stacks, age = 20, headers = {}, server = PAGE) {
  const from = Math.floor(Date.now() / 1000 - age);
  const query = new URLSearchParams({ name: service, format: "folded", from, until: from + 10, sampleRate: 100 });
  const answer = await fetch(`${server}/ingest?${query}`, { method: "POST", headers, body: stacks });
  assert.equal(answer.status, 200, await answer.text());
  return from * 1000;
}

/** push sends a profile to PAGE and waits until it is found: the host writes it some 100 ms later. */
export async function push(service, stacks, age) {
  const start = await send(service, stacks, age);
  const body = JSON.stringify({ profileTypeID: "process_cpu:cpu:nanoseconds:cpu:nanoseconds", labelSelector: `{service_name="${service}"}`, start, end: start + 999 });
  for (const end = Date.now() + wait; ;) {
    const answer = await fetch(PAGE + "/querier.v1.QuerierService/SelectMergeStacktraces", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (Number((await answer.json()).flamegraph?.total ?? 0) > 0) return;
    assert.ok(Date.now() < end, `not found: ${service}`);
  }
}

/** pick chooses a service by typing. */
export async function pick(page, service) {
  const picker = page.getByRole("combobox", { name: "Service" });
  await picker.click();
  await picker.fill(service);
  await page.getByRole("option", { name: service, exact: true }).click();
}

/** idle waits until nothing is asked any more. */
export const idle = (page) => page.waitForFunction(() => document.querySelectorAll('main[aria-busy="true"], main [aria-busy="true"]').length === 0);

/** drag goes across a timeline, from and to shares of its width. */
export async function drag(page, timeline, from, to) {
  await idle(page);
  await timeline.locator(".legend").waitFor();
  let box;
  while (!(box = await timeline.locator(".u-over").boundingBox())); // it may have been drawn anew just now
  await page.mouse.move(box.x + box.width * from, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, box.y + 20, { steps: 5 });
  await page.mouse.up();
}

/** changes are the functions of the table with their changes in percentage points. */
export async function changes(page) {
  const rows = await page.locator(".top tbody tr").evaluateAll((all) => all.map((tr) => [tr.querySelector(".name").textContent, tr.lastElementChild.textContent]));
  return new Map(rows.map(([name, text]) => [name, parseFloat(text.replace("−", "-"))]));
}

/** rgb is the colour of a frame. */
export const rgb = async (locator) => (await locator.locator("rect").getAttribute("fill")).match(/\d+/g).map(Number);
