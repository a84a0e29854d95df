// Series of values over time, made ready for a plot.
import type { Series } from "./api.ts";
import type { Range } from "./time.ts";

type Points = Series["points"];

export interface Shown { name: string; value?: string | undefined; points: Points; sum: number }

/** firstOf is when the profiles begin, in ms: a point has those of the step that it ends. */
export function firstOf(series: Series[], step: number): number | undefined {
  const times = series.flatMap((s) => s.points.map((p) => p.at));
  return times.length === 0 ? undefined : (Math.min(...times) - step) * 1000;
}

/** The largest series; what is beyond their number is added up. Sums are of what is chosen, if something is; or averages. */
export function largest(series: Series[], most: number, chosen?: Range, average = false): Shown[] {
  const counts = (at: number) => !chosen || (at * 1000 >= chosen.start && at * 1000 <= chosen.end);
  const sum = (points: Points) => {
    const values = points.filter((p) => counts(p.at)).map((p) => p.value);
    return values.reduce((n, v) => n + v, 0) / (average ? values.length || 1 : 1);
  };
  const all: Shown[] = series.map((s) => ({ ...s, sum: sum(s.points) })).sort((x, y) => y.sum - x.sum);
  if (all.length <= most) return all;
  const rest = all.slice(most - 1);
  const points = new Map<number, number>();
  for (const p of rest.flatMap((s) => s.points)) points.set(p.at, (points.get(p.at) ?? 0) + p.value);
  return [...all.slice(0, most - 1), {
    name: `${rest.length} others`, sum: rest.reduce((n, s) => n + s.sum, 0),
    points: [...points].sort(([x], [y]) => x - y).map(([at, value]) => ({ at, value })),
  }];
}

/**
 * aligned puts series on a common axis. Where one has nothing for a while there
 * is a null, which is a gap; a time that only others have is undefined. Lonely
 * are points between two gaps, of which no line is seen.
 */
export function aligned(series: Points[], step: number): { times: number[]; columns: (number | null | undefined)[][]; lonely: number[][] } {
  const gaps = series.map((points) => gapsOf(points, step));
  const times = [...new Set([...series.flatMap((points) => points.map((p) => p.at)), ...gaps.flat()])].sort((x, y) => x - y);
  const columns = series.map((points, i) => {
    const values = new Map<number, number | null>([...gaps[i]!.map((at) => [at, null] as const), ...points.map((p) => [p.at, p.value] as const)]);
    return times.map((t) => values.get(t));
  });
  return { times, columns, lonely: columns.map(lonelyOf) };
}

/** gapsOf are times in between points that are much further from each other than is usual. */
function gapsOf(points: Points, step: number): number[] {
  const lengths = points.slice(1).map((p, i) => p.at - points[i]!.at);
  const usual = [...lengths].sort((x, y) => x - y)[Math.floor(lengths.length / 2)] ?? step;
  return lengths.flatMap((length, i) => (length > 2.5 * Math.max(step, usual) ? [points[i]!.at + length / 2] : []));
}

function lonelyOf(column: (number | null | undefined)[]): number[] {
  const known = column.flatMap((v, i) => (v === undefined ? [] : [i]));
  return known.filter((at, i) => column[at] !== null && (column[known[i - 1] ?? -1] ?? null) === null && (column[known[i + 1] ?? -1] ?? null) === null);
}
