// Which two ranges of time are compared, and what their timelines show.
import type { State } from "./state.ts";
import { agoText, isRelative, parseTime, rangeOf, shifted, type Range, type Typed } from "./time.ts";

const minute = 60e3;
const day = 86400e3;

/** inside has some tolerance: what is relative moves. */
const inside = (part: Range, all: Range) => part.start >= all.start - 1000 && part.end <= all.end + 1000;

/** halves are the earlier and the later half of a range, from its first data on if that is known. They move with the clock if it does. */
export function halves(over: Typed, now: number, first?: number): [Typed, Typed] {
  const { start, end } = rangeOf(over, now);
  const relative = isRelative(over.from) && isRelative(over.until);
  const text = (ms: number) => (relative ? agoText(now - ms) : new Date(ms).toISOString());
  // Not a second later than it, as texts have whole seconds.
  const [begin, from] = first !== undefined && first - 1000 > start && first < end ? [first - 1000, text(first - 1000)] : [start, over.from];
  const middle = text((begin + end) / 2);
  return [{ from, until: middle }, { from: middle, until: over.until }];
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
export function withOver(s: State, over: Typed, now: number, first?: number): Partial<State> {
  const all = rangeOf(over, now);
  if (inside(rangeOf(s.a, now), all) && inside(rangeOf(s.b, now), all)) return { over };
  const [a, b] = halves(over, now, first);
  return { over, a: { ...s.a, ...a }, b: { ...s.b, ...b } };
}

/** toggled begins a comparison with the two halves of the range, or ends it. */
export function toggled(s: State, now: number, first?: number): Partial<State> {
  if (s.compare) return { compare: false, a: { ...s.a, ...overOf(s, now) }, over: { from: "", until: "" } };
  const [a, b] = halves(s.a, now, first);
  return { compare: true, over: { from: s.a.from, until: s.a.until }, a: { ...s.a, ...a }, b: { ...s.a, ...b } };
}

/** A range to compare with, by its name; made of what is shown now, and when its data begins. */
export const presets: [string, (s: State, now: number, first?: number) => Partial<State>][] = [
  ["Halves", (s, now, first) => {
    const over = overOf(s, now);
    const [a, b] = halves(over, now, first);
    return { over, a: { ...s.a, ...a }, b: { ...s.b, ...b } };
  }],
  ["Just before", (s, now, first) => against(s, now, first, ({ start, end }) => end - start)],
  ["A day before", (s, now, first) => against(s, now, first, () => day)],
  ["A week before", (s, now, first) => against(s, now, first, () => 7 * day)],
  ["The same time", (s, now, first) => against(s, now, first, () => 0)],
];

/** against compares with a range that was so much earlier. */
function against(s: State, now: number, first: number | undefined, earlier: (r: Range) => number): Partial<State> {
  const over = overOf(s, now);
  // Who has chosen nothing yet means all that was shown, not half of it.
  const chosen = !isHalves(s, over, now, first);
  const b = chosen ? { from: s.b.from, until: s.b.until } : over;
  const by = -earlier(rangeOf(b, now));
  return { over, a: { ...s.a, from: shifted(b.from, by, now), until: shifted(b.until, by, now) }, b: { ...s.b, ...b } };
}

/** isHalves reports whether the sides are still those that a comparison begins with, of which the clock may have moved the first. */
function isHalves(s: State, over: Typed, now: number, first: number | undefined): boolean {
  const begins = [undefined, first].map((f) => rangeOf(halves(over, now, f)[0], now).start);
  return s.a.until === s.b.from && s.b.until === over.until && begins.some((ms) => Math.abs(ms - rangeOf(s.a, now).start) < minute);
}

/** swapped has the sides the other way round. */
export const swapped = (s: State): Partial<State> => ({ a: s.b, b: s.a });
