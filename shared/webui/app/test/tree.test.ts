import assert from "node:assert/strict";
import { test } from "node:test";
import { collapsed, readDiff, readGraph, recurses, rows, sandwich, type Frame } from "../src/tree.ts";

const level = (...values: number[]) => ({ values: values.map(String) }); // int64 is text in JSON

/** lines are a tree as text. */
const lines = (f: Frame, depth = 0): string[] =>
  [`${" ".repeat(depth)}${f.name} ${f.left} ${f.right}`, ...f.children.flatMap((c) => lines(c, depth + 1))];

// total 10 ── a 6 ── b 4 ── a 1
//          └─ c 3 ── b 2        (one of a's six and c's is its own; one of total is nobody's)
const wire = {
  names: ["total", "a", "b", "c"],
  levels: [level(0, 10, 1, 0), level(0, 6, 2, 1, 0, 3, 1, 3), level(0, 4, 3, 2, 2, 2, 2, 2), level(0, 1, 1, 1)],
};

test("a flame graph is read", () => {
  const g = readGraph(wire)!;
  assert.deepEqual(lines(g.root), ["total 10 0", " a 6 0", "  b 4 0", "   a 1 0", " c 3 0", "  b 2 0"]);
  assert.equal(readGraph(undefined), undefined);
  assert.equal(readGraph({ names: ["total"], levels: [level(0, 0, 0, 0)] }), undefined);
});

test("recursion counts once", () => {
  const byName = new Map(rows(readGraph(wire)!).map((r) => [r.name, [r.selfLeft, r.left]]));
  assert.deepEqual(byName, new Map([["a", [3, 6]], ["b", [5, 6]], ["c", [1, 3]]]));
});

test("callers and callees", () => {
  const both = sandwich(readGraph(wire)!, "b")!;
  assert.deepEqual(lines(both.callers.root), ["b 6 0", " a 4 0", " c 2 0"]);
  assert.deepEqual(lines(both.callees.root), ["b 6 0", " a 1 0"]);
  assert.equal(both.callees.root.value, 6);
  assert.equal(sandwich(readGraph(wire)!, "x"), undefined);
});

test("a comparison is read", () => {
  // left: total 4 = a 4; right: total 8 = a 2, b 6
  const g = readDiff({
    names: ["total", "a", "b"],
    levels: [level(0, 4, 0, 0, 8, 0, 0), level(0, 4, 4, 0, 2, 2, 1, 0, 0, 0, 0, 6, 6, 2)],
  })!;
  assert.deepEqual(lines(g.root), ["total 4 8", " a 4 2", " b 0 6"]);
  assert.deepEqual(g.root.children.map((c) => c.value), [0.625, 0.375]); // the mean of both shares
  assert.deepEqual(sandwich(g, "b")!.callees.root.right, 6);
});

test("calls of a function by itself are one frame", () => {
  // total 10 ── f 8 ── f 7 ── f 2, g 3      f's own: 1, 2, 2
  //          └─ g 2          └─ (g below the first f as well)
  const g = readGraph({
    names: ["total", "f", "g"],
    levels: [level(0, 10, 0, 0), level(0, 8, 0, 1, 0, 2, 2, 2), level(0, 7, 2, 1, 0, 1, 1, 2), level(0, 2, 2, 1, 0, 3, 3, 2)],
  })!;
  assert.ok(recurses(g));
  const once = collapsed(g);
  assert.deepEqual(lines(once.root), ["total 10 0", " f 8 0", "  g 4 0", " g 2 0"]);
  assert.equal(once.root.children[0]!.selfLeft, 4);
  assert.equal(once.root.children[0]!.value, 8);
  assert.deepEqual(lines(g.root).length, 7); // what it is made from is as it was
  assert.ok(!recurses(once));
  const sums = (x: typeof g) => new Map(rows(x).map((r) => [r.name, [r.selfLeft, r.left]]));
  assert.deepEqual(sums(once), sums(g));
});
