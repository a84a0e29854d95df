// Which two ranges of time are compared, and what their timelines show.
import type { State } from "./state.ts";
import { agoText, isRelative, parseTime, rangeOf, shifted, type Range, type Typed } from "./time.ts";

const day = 86400e3;

/** inside has some tolerance: what is relative moves. */
const inside = (part: Range, all: Range) => part.start >= all.start - 1000 && part.end <= all.end + 1000;

/** halves are the earlier and the later half of a range. They move with the clock if it does. */
export function halves(over: Typed, now: number): [Typed, Typed] {
  const { start, end } = rangeOf(over, now);
  const relative = isRelative(over.from) && isRelative(over.until);
  const middle = relative ? agoText(now - (start + end) / 2) : new Date((start + end) / 2).toISOString();
  return [{ from: over.from, until: middle }, { from: middle, until: over.until }];
}

/** overOf is the range that the timelines of a comparison show. */
export function overOf(s: State, now: number): Typed {
  if (s.over.from) return s.over;
  const least = parseTime(s.a.from, now) <= parseTime(s.b.from, now) ? s.a.from : s.b.from;
  const most = parseTime(s.a.until, now) >= parseTime(s.b.until, now) ? s.a.until : s.b.until;
  return { from: least, until: most };
}

/** windowOf is what the timeline of one side shows: the same as the other's, or as long and around it. */
export function windowOf(side: Range, other: Range, over: Range): Range {
  if (inside(side, over)) return over;
  const by = side.start - other.start;
  const beside = { start: over.start + by, end: over.end + by };
  return inside(other, over) && inside(side, beside) ? beside : side;
}

/** withOver shows another range; a comparison of what is not in it begins anew with its halves. */
export function withOver(s: State, over: Typed, now: number): Partial<State> {
  const all = rangeOf(over, now);
  if (inside(rangeOf(s.a, now), all) && inside(rangeOf(s.b, now), all)) return { over };
  const [a, b] = halves(over, now);
  return { over, a: { ...s.a, ...a }, b: { ...s.b, ...b } };
}

/** toggled begins a comparison with the two halves of the range, or ends it. */
export function toggled(s: State, now: number): Partial<State> {
  if (s.compare) return { compare: false, a: { ...s.a, ...overOf(s, now) }, over: { from: "", until: "" } };
  const [a, b] = halves(s.a, now);
  return { compare: true, over: { from: s.a.from, until: s.a.until }, a: { ...s.a, ...a }, b: { ...s.a, ...b } };
}

/** A range to compare with, by its name. */
export const presets: [string, (s: State, now: number) => Partial<State>][] = [
  ["Halves", (s, now) => {
    const over = overOf(s, now);
    const [a, b] = halves(over, now);
    return { over, a: { ...s.a, ...a }, b: { ...s.b, ...b } };
  }],
  ["Just before", (s, now) => against(s, now, ({ start, end }) => end - start)],
  ["A day before", (s, now) => against(s, now, () => day)],
  ["A week before", (s, now) => against(s, now, () => 7 * day)],
  ["The same time", (s, now) => against(s, now, () => 0)],
];

/** against compares with a range that was so much earlier. */
function against(s: State, now: number, earlier: (r: Range) => number): Partial<State> {
  const over = overOf(s, now);
  const [, later] = halves(over, now);
  // Who has chosen nothing yet means all that was shown, not half of it.
  const chosen = s.b.from !== later.from || s.b.until !== later.until;
  const b = chosen ? { from: s.b.from, until: s.b.until } : over;
  const by = -earlier(rangeOf(b, now));
  return { over, a: { ...s.a, from: shifted(b.from, by, now), until: shifted(b.until, by, now) }, b: { ...s.b, ...b } };
}

/** swapped has the sides the other way round. */
export const swapped = (s: State): Partial<State> => ({ a: s.b, b: s.a });
