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
  /** open loads a URL in a profile of its own. It fails the test if the page logs an error or asks another server. */
  return async (t, url, { allow = [], ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, locale: "en-US", timezoneId: "UTC", ...options });
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

/** changes are the functions of the table with their changes in percentage points. */
export async function changes(page) {
  const rows = await page.locator(".top tbody tr").evaluateAll((all) => all.map((tr) => [tr.querySelector(".name").textContent, tr.lastElementChild.textContent]));
  return new Map(rows.map(([name, text]) => [name, parseFloat(text.replace("−", "-"))]));
}

/** rgb is the colour of a frame. */
export const rgb = async (locator) => (await locator.locator("rect").getAttribute("fill")).match(/\d+/g).map(Number);
