import assert from "node:assert/strict";
import { test } from "node:test";
import { halves, overOf, presets, swapped, toggled, windowOf, withOver } from "../src/comparison.ts";
import { parseState, type State } from "../src/state.ts";

const now = Date.parse("2026-01-10T12:00:00Z");
const with_ = (s: State, part: Partial<State>): State => ({ ...s, ...part });
const ranges = (s: State) => [s.a.from, s.a.until, s.b.from, s.b.until];
const preset = (name: string, s: State) => with_(s, presets.find(([n]) => n === name)![1](s, now));

test("a comparison begins with the halves, and ends with the whole", () => {
  const before = parseState('?filter=x="1"&from=now-5m');
  const s = with_(before, toggled(before, now));
  assert.deepEqual(ranges(s), ["now-5m", "now-150s", "now-150s", "now"]);
  assert.equal(s.b.filter, 'x="1"');
  assert.deepEqual(with_(s, toggled(s, now)).a, before.a);
  assert.deepEqual(halves({ from: "2026-01-01T00:00:00Z", until: "now" }, now)[0].until, "2026-01-05T18:00:00.000Z");
});

test("halves begin where there is data", () => {
  const before = parseState("?from=now-1h");
  const first = now - 119e3;
  const s = with_(before, toggled(before, now, first));
  assert.deepEqual(ranges(s), ["now-2m", "now-1m", "now-1m", "now"]);
  assert.deepEqual(s.over, { from: "now-1h", until: "now" });
  // Later, and with what was chosen nowhere, all that was shown is meant.
  for (const at of [now, now + 20e3]) {
    const part = presets.find(([n]) => n === "A day before")![1](s, at, first);
    assert.deepEqual([part.b!.from, part.b!.until], ["now-1h", "now"]);
  }
  const again = presets.find(([n]) => n === "Halves")![1](s, now + 60e3, first);
  assert.deepEqual([again.a!.from, again.b!.from], ["now-3m", "now-90s"]);
  // What begins before the range, or is not in it at all, changes nothing.
  for (const beside of [now - 3700e3, now + 1]) assert.deepEqual(halves(before.a, now, beside), halves(before.a, now));
  const fixed = halves({ from: "2026-01-10T11:00:00Z", until: "2026-01-10T12:00:00Z" }, now, first);
  assert.deepEqual(fixed[0], { from: "2026-01-10T11:58:00.000Z", until: "2026-01-10T11:59:00.000Z" });
});

test("presets", () => {
  const whole = parseState("?from=now-1h");
  const s = with_(whole, toggled(whole, now));
  assert.deepEqual(ranges(preset("Just before", s)), ["now-2h", "now-1h", "now-1h", "now"]);
  assert.deepEqual(ranges(preset("A day before", s)), ["now-25h", "now-1d", "now-1h", "now"]);
  assert.deepEqual(ranges(preset("The same time", s)), ["now-1h", "now", "now-1h", "now"]);
  assert.deepEqual(ranges(preset("Halves", preset("A day before", s))), ["now-1h", "now-30m", "now-30m", "now"]);
  // What was chosen stays.
  const chosen = with_(s, { b: { ...s.b, from: "now-20m", until: "now-10m" } });
  assert.deepEqual(ranges(preset("Just before", chosen)), ["now-30m", "now-20m", "now-20m", "now-10m"]);
  assert.deepEqual(ranges(with_(s, swapped(s))), ["now-30m", "now", "now-1h", "now-30m"]);
});

test("timelines show the same range, or one as long beside it", () => {
  const over = { start: 1000e3, end: 2000e3 };
  const inside = { start: 1500e3, end: 1600e3 };
  assert.deepEqual(windowOf(inside, { start: 0, end: 1 }, over), over);
  assert.deepEqual(windowOf({ start: 500e3, end: 600e3 }, inside, over), { start: 0, end: 1000e3 });
  assert.deepEqual(windowOf({ start: 500e3, end: 900e3 }, { start: 0, end: 1 }, over), { start: 500e3, end: 900e3 });
});

test("another range for both begins anew if it has not both", () => {
  const s = parseState("?compare=1&from=now-40m&until=now-30m&from2=now-20m&until2=now");
  assert.deepEqual(overOf(s, now), { from: "now-40m", until: "now" });
  assert.deepEqual(ranges(with_(s, withOver(s, { from: "now-1h", until: "now" }, now))), ranges(s));
  assert.deepEqual(ranges(with_(s, withOver(s, { from: "now-5m", until: "now" }, now))), ["now-5m", "now-150s", "now-150s", "now"]);
});
