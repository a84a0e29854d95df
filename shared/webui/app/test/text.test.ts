import assert from "node:assert/strict";
import { test } from "node:test";
import { changeColor, changeOf, packageOf, split } from "../src/colors.ts";
import { fitting, put, spotAt, without } from "../src/complete.ts";
import { amount, change, share, typeName } from "../src/format.ts";
import { mergeProfileRequest } from "../src/protobuf.ts";
import { formatState, parseState, selectorOf } from "../src/state.ts";
import { parseTime, rangeName } from "../src/time.ts";
import { largest } from "../src/timeline.tsx";

test("the state survives the URL", () => {
  assert.equal(formatState(parseState("")), "");
  for (const q of [
    "?service=a+b&type=x%3Ay&filter=pod%3D%22%26%22&from=now-5m&group=pod&view=table&fn=main.f&search=s",
    "?from=now-2h&until=now-1h&compare=1&filter2=v%3D%222%22&from2=now-1h&until2=now",
  ]) assert.equal(formatState(parseState(q)), q);
});

test("selectors", () => {
  assert.equal(selectorOf('a"b', ""), '{service_name="a\\"b"}');
  assert.equal(selectorOf("a", ' pod="x", '), '{service_name="a", pod="x"}');
  assert.equal(selectorOf("", ""), "{}");
});

test("times", () => {
  assert.equal(parseTime("now-90m", 1e9), 1e9 - 5400e3);
  assert.equal(parseTime("2026-01-01T00:00:00Z", 0), 1767225600000);
  assert.ok(Number.isNaN(parseTime("yesterday", 0)));
  assert.equal(rangeName("now-1h", "now"), "Last hour");
});

test("numbers", () => {
  for (const [value, unit, want] of [
    [0, "nanoseconds", "0 s"], [1.5e9, "nanoseconds", "1.50 s"], [90e9, "nanoseconds", "1.50 min"], [2048, "bytes", "2 KiB"],
    [1234567, "count", "1.23 M"], [7, "count", "7"], [-1.5e9, "nanoseconds", "-1.50 s"],
  ] as const) assert.equal(amount(value, unit), want);
  assert.equal(share(0.1234), "12.3 %");
  assert.equal(share(1), "100 %");
  assert.equal(share(NaN), "–");
  assert.equal(change(-0.05), "−5.0 pp");
  assert.equal(change(0.0004), "+0.04 pp");
  assert.equal(typeName("process_cpu:cpu:nanoseconds:cpu:nanoseconds").label, "CPU · cpu");
});

test("names", () => {
  assert.deepEqual(split("net/http.(*conn).serve"), ["net/", "http.(*conn).serve"]);
  assert.deepEqual(split("slices.Sort[go.shape.a/b]"), ["", "slices.Sort[go.shape.a/b]"]);
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

test("a request for a pprof has the wire format", () => {
  assert.deepEqual([...mergeProfileRequest("t", "{}", 300, 1)], [0x0a, 1, 0x74, 0x12, 2, 0x7b, 0x7d, 0x18, 0xac, 2, 0x20, 1]);
});

test("many series are added up", () => {
  const series = Array.from({ length: 10 }, (_, i) => ({ name: `s${i}`, points: [{ at: 1, value: i }] }));
  const shown = largest(series);
  assert.deepEqual(shown.map((s) => s.name).slice(0, 2), ["s9", "s8"]);
  assert.deepEqual(shown.at(-1), { name: "3 others", sum: 3, points: [{ at: 1, value: 3 }] });
});
