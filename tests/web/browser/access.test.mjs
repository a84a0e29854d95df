// For everybody: keyboard, screen readers, dark and light. And the screenshots.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, test } from "node:test";
import { PAGE, SCREENSHOTS, push, shown, withBrowser } from "./page.mjs";

const open = withBrowser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** violations of WCAG 2.1 A and AA that axe finds. */
async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
  return violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + "\n" + n.failureSummary).join("\n")}`);
}

for (const colorScheme of ["light", "dark"]) {
  const cases = [
    ["profile", "?from=now-15m&group=pod", shown],
    ["comparison", "?compare=1&filter=version%3D%221.0%22&filter2=version%3D%222.0%22", shown],
    ["sandwich", "?fn=net%2Fhttp.(*conn).serve", shown],
    ["nothing", "?from=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z", (page) => page.getByRole("heading", { name: "No profiles yet" }).waitFor()],
  ];
  // Structure does not depend on colours: in the dark two will do.
  for (const [name, query, ready] of colorScheme === "light" ? cases : cases.slice(0, 2)) {
    test(`axe finds nothing: ${name}, ${colorScheme}`, async (t) => {
      const page = await open(t, PAGE + query, { colorScheme });
      await ready(page);
      assert.deepEqual(await violations(page), []);
    });
  }
}

before(() => push("y-small", "main;work 7\n"));

for (const [name, label, act] of [
  ["the services", "listbox", (page) => page.getByRole("combobox", { name: "Service" }).click()],
  ["the range", "textbox", (page) => page.locator("header summary").click()],
  ["a frame's menu", "menu", (page) => page.locator("g.frame").nth(1).click({ button: "right" })],
  ["how to send", "tablist", (page) => page.getByRole("button", { name: "Send profiles" }).click()],
]) {
  test(`axe finds nothing: ${name}`, async (t) => {
    // Without a flame graph, but for its menu: axe takes seconds for one.
    const page = await open(t, PAGE + (label === "menu" ? "?service=y-small&view=flame" : "?view=table"));
    await page.locator(label === "menu" ? "g.frame" : ".top tbody tr").nth(1).waitFor();
    await act(page);
    await page.getByRole(label).first().waitFor();
    assert.deepEqual(await violations(page), []);
  });
}

test("axe finds nothing: the sign-in", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  assert.deepEqual(await violations(page), []);
});

test("colours follow the system until they are chosen", async (t) => {
  const page = await open(t, PAGE, { colorScheme: "dark" });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await shown(page);
  assert.equal(await theme(), "dark");
  const dark = await background();
  await page.getByRole("button", { name: "Colours: auto" }).click();
  await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
  assert.notEqual(await background(), dark);
  await page.reload();
  await shown(page);
  assert.equal(await theme(), "light");
});

test("everything is reached by the keyboard, in the order of the page", async (t) => {
  const page = await open(t, PAGE + "?view=flame");
  await shown(page);
  const reached = [];
  for (let i = 0; i < 30 && reached.at(-1) !== "flame graph"; i++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => {
      const e = document.activeElement;
      return e.getAttribute("aria-roledescription") ?? e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent.trim().split("\n")[0].slice(0, 16) ?? e.textContent.trim();
    }));
  }
  const order = ["Skip to the profile", "Skip to the flame graph", "Service", "Compare", "Time range: Last hour", "Refresh", "Refresh by itself", "Sign in", "Filter", "Divide the timeline by", "Both", "Flame graph", "Table", "Search functions", "Copy link", "Export pprof", "flame graph"];
  assert.deepEqual(reached.filter((name) => order.includes(name)), order, reached.join(" | "));
  await page.getByRole("link", { name: "Skip to the flame graph" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.getAttribute("aria-roledescription") === "flame graph");
});

test("the flame graph is walked by the keyboard, and says where one is", async (t) => {
  const page = await open(t, PAGE + "?view=flame");
  await shown(page);
  const graph = page.getByRole("application", { name: "Flame graph" });
  const said = page.locator(".flame [aria-live]");
  await page.getByRole("button", { name: "Export pprof" }).focus();
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => document.querySelector(".flame [aria-live]").textContent.startsWith("total"));
  await page.keyboard.press("ArrowDown");
  assert.match(await said.textContent(), /^net\/http\.\(\*conn\)\.serve, .*%.*level 1/);
  await page.keyboard.press("ArrowRight");
  assert.doesNotMatch(await said.textContent(), /^net\/http\.\(\*conn\)\.serve/);
  await page.keyboard.press("ArrowLeft");
  const width = () => graph.locator("g.frame.cursor").evaluate((g) => +g.getAttribute("width"));
  const before = await width();
  await page.keyboard.press("Enter");
  assert.ok(await width() > before, "zoomed in");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowDown");
  assert.equal(await width(), before);
  await page.keyboard.press("s");
  await page.getByRole("heading", { name: "Callers" }).waitFor();
});

test("it fits a small window", async (t) => {
  const page = await open(t, PAGE, { viewport: { width: 420, height: 800 } });
  await shown(page);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${overflow} px too wide`);
  await page.locator("header summary").click();
  const box = await page.locator(".popup").boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 420, `the range's popup is from ${box.x} to ${box.x + box.width}`);
});

test("functions have their names in a small window", async (t) => {
  for (const [query, columns] of [["", ["Function", "Self", "Total"]], ["?compare=1&filter=version%3D%221.0%22&filter2=version%3D%222.0%22", ["Function", "Change"]]]) {
    const page = await open(t, PAGE + query, { viewport: { width: 390, height: 800 } });
    await shown(page);
    const heads = await page.locator(".top thead th:visible").allTextContents();
    assert.deepEqual(heads.map((text) => text.replace(/[▼▲]/, "")), columns);
    const names = await page.locator(".top .name").evaluateAll((all) => all.map((button) => {
      const [name, path, own] = [button, button.querySelector(".path"), button.querySelector(".own")].map((e) => e.getBoundingClientRect());
      return { text: button.textContent, width: name.width, path: path.top < name.bottom - 1 ? path.width : 0, full: button.querySelector(".path").scrollWidth, own: own.width, inside: own.top >= name.top - 1 && own.bottom <= name.bottom + 1 };
    }));
    assert.ok(names.length > 20);
    for (const n of names) {
      const text = JSON.stringify(n);
      assert.ok(n.inside && n.own > 15, text);
      assert.ok(n.path === 0 || n.path >= Math.min(20, n.full - 1), text);
      if (query) assert.ok(n.width > 200, text);
    }
    assert.ok(names.some((n) => n.path === 0 && n.full > 0), "some path has no room");
  }
});

test("screenshots", async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const take = async (name, query, colorScheme) => {
    const page = await open(t, PAGE + query, { colorScheme, viewport: { width: 1240, height: 600 } });
    await shown(page);
    await page.locator(".legend").first().waitFor();
    // Frames move to their places when the width changes.
    await page.waitForFunction(() => {
      const right = [...document.querySelectorAll("g.frame")].map((g) => g.getBoundingClientRect().right);
      return Math.max(...right) <= document.querySelector('g.frame[name="total"]').getBoundingClientRect().right + 1;
    });
    await page.screenshot({ path: join(SCREENSHOTS, name + ".png") });
  };
  await take("profile", "?from=now-15m&group=pod", "light");
  await take("comparison", "?from=now-15m&compare=1&filter=version%3D%221.0%22&filter2=version%3D%222.0%22", "dark");
});
