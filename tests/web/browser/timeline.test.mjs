// Values over time, and the range of time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, drag, frame, idle, push, shown, withBrowser } from "./page.mjs";

const open = withBrowser();

test("dragging across the timeline chooses a range", async (t) => {
  const page = await open(t, PAGE + "?from=now-15m");
  await shown(page);
  await drag(page, page.locator(".side"), 0.5, 0.7);
  await page.waitForURL(/until=20/);
  const query = new URL(page.url()).searchParams;
  const length = Date.parse(query.get("until")) - Date.parse(query.get("from"));
  assert.ok(Math.abs(length - 180e3) < 10e3, `${length} ms of fifteen minutes`);
});

test("a range is typed", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  const summary = page.locator("header summary");
  const [from, until] = ["From", "Until"].map((name) => page.getByRole("textbox", { name }));
  const apply = page.getByRole("button", { name: "Apply" });
  await summary.click();
  assert.equal(await from.inputValue(), "now-1h");
  await from.fill("2020-01-02T00:00:01");
  await until.fill("2020-01-01 00:00:01");
  await apply.click();
  await page.getByRole("alert").getByText("must begin before").waitFor();
  await until.fill("2020-01-03 00:00");
  await apply.click();
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  assert.match(await summary.textContent(), /2020/);
  await summary.click();
  assert.equal(await from.inputValue(), "2020-01-02 00:00:01");
  await page.getByRole("button", { name: "Last hour" }).click();
  await shown(page);
});

test("a range is typed that moves with the clock", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  const summary = page.locator("header summary");
  await summary.click();
  const [from, until] = ["From", "Until"].map((name) => page.getByRole("textbox", { name }));
  await from.fill("an hour ago");
  await from.press("Enter");
  await page.getByRole("alert").getByText("“an hour ago” is no time. Type now-90m").waitFor();
  await from.fill("now - 1d2h");
  await until.fill("NOW-1m");
  await until.press("Enter");
  await page.waitForURL((u) => u.searchParams.get("from") === "now-1d2h" && u.searchParams.get("until") === "now-1m");
  await shown(page);
  await summary.click();
  await page.getByRole("group", { name: "Move the range" }).getByRole("button", { name: "Earlier" }).click();
  await page.waitForURL((u) => u.searchParams.get("until") === "now-26h");
});

test("“last” is before the choice, not before the page was loaded", async (t) => {
  const page = await open(t, PAGE);
  await shown(page);
  const later = Date.now() + 3600e3;
  await page.clock.setFixedTime(later);
  const asked = page.waitForRequest((r) => r.url().includes("SelectMergeStacktraces"));
  await page.locator("header summary").click();
  await page.getByRole("button", { name: "Last 24 hours" }).click();
  assert.equal((await asked).postDataJSON().end, later);
});

test("where nothing was sent for long the timeline has a gap", async (t) => {
  await Promise.all([50, 49.5, 49, 48.5, 11, 10.5, 10, 9.5].map((age) => push("y-gap", "main;work 70\n", age * 60)));
  const page = await open(t, PAGE + "?service=y-gap", { allow: ["willReadFrequently"] }); // the test reads pixels
  await frame(page, "work").waitFor();
  /** drawn is how many pixels of the series' colour there are from and to shares of the width. */
  const drawn = (from, to) => page.locator(".plot canvas").evaluate((canvas, [from, to]) => {
    const [over, all, scale] = [document.querySelector(".u-over").getBoundingClientRect(), canvas.getBoundingClientRect(), devicePixelRatio];
    const [x, y, width, height] = [over.left - all.left + over.width * from, over.top - all.top, over.width * (to - from), over.height].map((n) => n * scale);
    const { data } = canvas.getContext("2d").getImageData(x, y, width, height);
    let n = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 0 && data[i + 2] > data[i] + 60) n++;
    return n;
  }, [from, to]);
  await page.waitForFunction(() => document.querySelector(".legend")?.textContent.includes("all"));
  assert.ok(await drawn(0.1, 0.25) > 0, "there is something where profiles were sent");
  assert.equal(await drawn(0.3, 0.7), 0, "and nothing in between");
});

test("the timeline says its values, and shows one of them only", async (t) => {
  const page = await open(t, PAGE + "?from=now-15m&group=version&filter=region%3D%22eu-1%22");
  await shown(page);
  const legend = page.getByRole("list", { name: "Sums of Values over time" });
  await legend.getByText("2.0").waitFor();
  const box = await page.locator(".u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 30);
  assert.match(await page.locator(".tip:visible").textContent(), /\d\d:\d\d.*2\.0: .* s/);
  await page.mouse.move(5, 5);
  await page.locator(".plot + .tip").waitFor({ state: "hidden" });
  await legend.getByRole("button", { name: "2.0" }).click();
  await page.waitForURL((u) => u.searchParams.get("filter") === 'region="eu-1", version="2.0"');
  await legend.getByText("1.0").waitFor({ state: "detached" });
});

test("what is there at a time is averaged, not added up", async (t) => {
  const page = await open(t, PAGE + "?from=now-1d&type=goroutine%3Agoroutine%3Acount%3Agoroutine%3Acount");
  await shown(page);
  await page.getByText("average in each").waitFor();
  const shownAt = async () => parseFloat((await page.getByRole("list", { name: "Averages of Values over time" }).textContent()).replace("all ", ""));
  const day = await shownAt();
  await page.locator("header summary").click();
  await page.getByRole("button", { name: "Last 15 minutes" }).click();
  await page.waitForURL(/from=now-15m/);
  await idle(page);
  assert.ok(day > 0 && Math.abs(await shownAt() - day) < day * 0.3, `${day} goroutines by steps of 6 minutes, ${await shownAt()} by steps of 15 s`);
});

/** texts has a page record what is written on its timelines: each text with its right end as a share of the width. */
const texts = () => {
  window.written = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) {
    const at = this.getTransform().transformPoint({ x, y });
    const width = this.measureText(text).width * (this.textAlign === "center" ? 0.5 : this.textAlign === "right" ? 0 : 1);
    window.written.push({ text, end: (at.x + width) / this.canvas.width });
    return fillText.call(this, text, x, y, ...rest);
  };
};

test("the axes of a timeline have what there is, and room for it", async (t) => {
  const page = await open(t, PAGE, { before: texts });
  const written = async (query) => {
    await page.goto(PAGE + query);
    await page.locator(".plot canvas").first().waitFor();
    await idle(page);
    await page.waitForFunction(() => window.written.length > 3);
    return page.evaluate(() => window.written);
  };
  const empty = await written("?filter=pod%3D%22none%22");
  assert.deepEqual([...new Set(empty.map((w) => w.text).filter((text) => !/:/.test(text)))], ["0 s"]);
  for (const range of ["now-5m", "now-15m", "now-1h", "now-7d"]) {
    for (const w of await written(`?compare=1&from=${range}`)) assert.ok(w.end <= 1, `${range}: ${JSON.stringify(w)}`);
  }
});
