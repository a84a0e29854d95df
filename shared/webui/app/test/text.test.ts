import assert from "node:assert/strict";
import { test } from "node:test";
import { changeColor, changeOf, packageOf, split } from "../src/colors.ts";
import { fitting, matching, put, spotAt, withMatcher, without } from "../src/complete.ts";
import { amount, change, isLevel, isWork, share, typeName, typeOf } from "../src/format.ts";
import { mergeProfileRequest } from "../src/protobuf.ts";
import { formatState, parseState, selectorOf } from "../src/state.ts";
import { agoText, isRelative, parseTime, rangeName, shifted, typedTime } from "../src/time.ts";
import { aligned, largest } from "../src/series.ts";

test("the state survives the URL", () => {
  assert.equal(formatState(parseState("")), "");
  for (const q of [
    "?service=a+b&type=x%3Ay&filter=pod%3D%22%26%22&from=now-5m&group=pod&view=table&fn=main.f&search=s",
    "?from=now-2h&until=now-1h&compare=1&filter2=v%3D%222%22&from2=now-1h&until2=now",
    "?from=now-2h&until=now-1h&collapse=1&refresh=15s&compare=1&from2=now-1h&until2=now&over=now-2h", "?compare=1&over=now-2h&overuntil=now-1h",
  ]) assert.equal(formatState(parseState(q)), q);
});

test("selectors", () => {
  assert.equal(selectorOf('a"b', ""), '{service_name="a\\"b"}');
  assert.equal(selectorOf("a", ' pod="x", '), '{service_name="a", pod="x"}');
  assert.equal(selectorOf("", ""), "{}");
});

test("the type that is shown is the chosen one, or the most usual", () => {
  const types = ["block:contentions:count:contentions:count", "goroutine:goroutine:count:goroutine:count", "memory:alloc_space:bytes:space:bytes", "memory:inuse_space:bytes:space:bytes",
    "wall:wall:nanoseconds:wall:nanoseconds", "process_cpu:samples:count:cpu:nanoseconds", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"];
  for (const best of [6, 5, 4, 3, 1, 0]) {
    const there = types.filter((_, i) => i <= best);
    assert.equal(typeOf("", there), types[best]);
    assert.equal(typeOf("what is not there", there), types[best]);
    assert.equal(typeOf(types[0]!, there), types[0]);
    assert.equal(isWork(types[best]!), best >= 4);
  }
  assert.equal(typeOf("chosen", []), "chosen");
});

test("times", () => {
  assert.equal(parseTime("now-90m", 1e9), 1e9 - 5400e3);
  assert.equal(parseTime("2026-01-01T00:00:00Z", 0), 1767225600000);
  assert.equal(parseTime(" now - 1h30m ", 1e9), 1e9 - 5400e3);
  assert.equal(parseTime("2026-01-01 00:00", 0), new Date(2026, 0, 1).getTime());
  assert.equal(parseTime("2026-01-01", 0), new Date(2026, 0, 1).getTime());
  for (const none of ["yesterday", "now-", "now-5", "now+1h", "shop 1", "2026"]) assert.ok(Number.isNaN(parseTime(none, 0)), none);
  assert.equal(rangeName({ from: "now-1h", until: "now" }), "Last hour");
  assert.equal(rangeName({ from: "now-2m", until: "now" }), "Last 2 minutes");
  assert.equal(rangeName({ from: "now-2h", until: "now-1h" }), "now-2h – now-1h");
});

test("times that move", () => {
  for (const [ms, want] of [[0, "now"], [90e3, "now-90s"], [3600e3, "now-1h"], [5400e3, "now-90m"], [7 * 86400e3, "now-1w"]] as const) {
    assert.equal(agoText(ms), want);
    assert.equal(parseTime(want, 1e12), 1e12 - ms);
  }
  assert.equal(shifted("now-1h", -86400e3, 0), "now-25h");
  assert.equal(shifted("now-1h", 3600e3, 0), "now");
  assert.equal(shifted("2026-01-02T00:00:00Z", -86400e3, 0), "2026-01-01T00:00:00.000Z");
  assert.equal(shifted("now", 1000, 0), "1970-01-01T00:00:01.000Z"); // what is to come does not move
  assert.ok(isRelative("now-1d12h") && !isRelative("2026-01-01"));
  assert.equal(typedTime("now-1h"), "now-1h");
  assert.equal(parseTime(typedTime("2026-01-02T00:00:00Z"), 0), Date.parse("2026-01-02T00:00:00Z"));
});

test("numbers", () => {
  for (const [value, unit, want] of [
    [0, "nanoseconds", "0 s"], [1.5e9, "nanoseconds", "1.50 s"], [90e9, "nanoseconds", "1.50 min"], [2048, "bytes", "2 KiB"],
    [1234567, "count", "1.23 M"], [7, "count", "7"], [-1.5e9, "nanoseconds", "-1.50 s"],
    [1500, "milliseconds", "1.50 s"], [2, "seconds", "2 s"], [3, "megabytes", "3 MiB"], [3, "goroutine", "3"], [0, "milliseconds", "0 s"],
  ] as const) assert.equal(amount(value, unit), want);
  assert.equal(share(0.1234), "12.3 %");
  assert.equal(share(1), "100 %");
  assert.equal(share(NaN), "–");
  assert.equal(change(-0.05), "−5.0 pp");
  assert.equal(change(0.0004), "+0.04 pp");
  assert.equal(typeName("process_cpu:cpu:nanoseconds:cpu:nanoseconds").label, "CPU · cpu");
});

test("levels are not added up over time", () => {
  for (const id of ["goroutines:goroutine:count:goroutine:count", "goroutine:goroutine:count:goroutine:count", "memory:inuse_space:bytes:space:bytes"]) assert.ok(isLevel(id), id);
  for (const id of ["process_cpu:cpu:nanoseconds:cpu:nanoseconds", "memory:alloc_space:bytes:space:bytes", "mutex:delay:nanoseconds:contentions:count"]) assert.ok(!isLevel(id), id);
});

test("names", () => {
  assert.deepEqual(split("net/http.(*conn).serve"), ["net/", "http.(*conn).serve"]);
  assert.deepEqual(split("slices.Sort[go.shape.a/b]"), ["", "slices.Sort[go.shape.a/b]"]);
  assert.deepEqual(split("a/b/C$$Lambda$12/0x0008c9.accept"), ["a/b/", "C$$Lambda$12/0x0008c9.accept"]);
  assert.equal(packageOf("net/http.(*conn).serve"), "net/http");
  assert.equal(changeOf(0.1, 0.1), 0);
  assert.equal(changeOf(0, 0.1), 1);
  assert.notEqual(changeColor(-1), changeColor(1));
});

test("completion knows where the cursor is", () => {
  const at = (text: string) => { // | is the cursor
    const cursor = text.indexOf("|");
    return [text.replace("|", ""), spotAt(text.replace("|", ""), cursor)] as const;
  };
  for (const [text, label, chosen, want] of [
    ["po|", undefined, "pod", "pod="], ["|", undefined, "pod", "pod="],
    ['pod="a|', "pod", "ab", 'pod="ab"'], ["pod=|", "pod", "ab", 'pod="ab"'], ['pod="a|"', "pod", "ab", 'pod="ab"'],
    ['x="1,2", po|', undefined, "pod", 'x="1,2", pod='], ['x="1", pod=~"a|, y', "pod", "a", 'x="1", pod=~"a", y'],
  ] as const) {
    const [plain, spot] = at(text);
    assert.equal(spot.label, label, text);
    assert.equal(put(plain, spot, chosen).text, want, text);
  }
  const [plain, spot] = at('x="1", pod="a|", y="2"');
  assert.equal(without(plain, spot), 'x="1", y="2"');
  assert.deepEqual(fitting(["bab", "ab", "c"], "AB"), ["ab", "bab"]);
});

test("options are found by words", () => {
  assert.deepEqual(matching(["a-shop", "shop-a", "b"], "SHOP"), ["shop-a", "a-shop"]);
  assert.deepEqual(matching(["a-shop", "shop-a", "b"], "shop a-s"), ["a-shop"]);
  assert.deepEqual(matching(["b", "a"], ""), ["b", "a"]);
});

test("a filter gets another matcher", () => {
  assert.equal(withMatcher("", "pod", 'x"y'), 'pod="x\\"y"');
  assert.equal(withMatcher('pod="a,b", podx="1", v=~"2"', "pod", "c"), 'podx="1", v=~"2", pod="c"');
});

test("a request for a pprof has the wire format", () => {
  assert.deepEqual([...mergeProfileRequest("t", "{}", 300, 1)], [0x0a, 1, 0x74, 0x12, 2, 0x7b, 0x7d, 0x18, 0xac, 2, 0x20, 1]);
});

test("many series are added up", () => {
  const series = Array.from({ length: 10 }, (_, i) => ({ name: `s${i}`, points: [{ at: 1, value: i }] }));
  const shown = largest(series, 8);
  assert.deepEqual(shown.map((s) => s.name).slice(0, 2), ["s9", "s8"]);
  assert.equal(largest([{ name: "s", points: [{ at: 1, value: 2 }, { at: 9, value: 3 }] }], 8, { start: 5e3, end: 9e3 })[0]!.sum, 3);
  assert.equal(largest([{ name: "s", points: [{ at: 1, value: 2 }, { at: 9, value: 4 }] }], 8, undefined, true)[0]!.sum, 3);
  assert.deepEqual(shown.at(-1), { name: "3 others", sum: 3, points: [{ at: 1, value: 3 }] });
});

test("where a series has nothing for long there is a gap", () => {
  const points = (...at: number[]) => at.map((t) => ({ at: t, value: 0 }));
  const { times, columns, lonely } = aligned([points(0, 15, 30, 300, 600, 615), points(0, 300, 600)], 15);
  assert.deepEqual(times, [0, 15, 30, 165, 300, 450, 600, 615]);
  assert.deepEqual(columns[0], [0, 0, 0, null, 0, null, 0, 0]);
  assert.deepEqual(columns[1], [0, undefined, undefined, undefined, 0, undefined, 0, undefined]); // this one comes that seldom
  assert.deepEqual(lonely, [[4], []]);
});
