// Values over time; dragging across it chooses a range.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { seriesColors } from "./colors.ts";
import { amount } from "./format.ts";
import { useWidth } from "./hooks.ts";
import type { Series } from "./api.ts";

interface Props {
  series: Series[];
  unit: string;
  /** Seconds since 1970. */
  from: number;
  until: number;
  dark: boolean;
  label: string;
  onRange: (from: number, until: number) => void;
}

/** The largest series; what is beyond their number is added up. */
export function largest(series: Series[], most = seriesColors.length): { name: string; points: Series["points"]; sum: number }[] {
  const all = series.map((s) => ({ ...s, sum: s.points.reduce((n, p) => n + p.value, 0) })).sort((x, y) => y.sum - x.sum);
  if (all.length <= most) return all;
  const rest = all.slice(most - 1);
  const points = new Map<number, number>();
  for (const p of rest.flatMap((s) => s.points)) points.set(p.at, (points.get(p.at) ?? 0) + p.value);
  return [...all.slice(0, most - 1), {
    name: `${rest.length} others`, sum: rest.reduce((n, s) => n + s.sum, 0),
    points: [...points].sort(([x], [y]) => x - y).map(([at, value]) => ({ at, value })),
  }];
}

/** clock is a time as an axis shows it that is so many seconds long. */
function clock(at: number, length: number): string {
  const d = new Date(at * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (length > 36 * 3600) return `${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}`;
  return length > 1200 ? time : `${time}:${two(d.getSeconds())}`;
}

export function Timeline({ series, unit, from, until, dark, label, onRange }: Props) {
  const [outer, width] = useWidth<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const shown = largest(series);
  useEffect(() => {
    if (!width) return;
    const times = [...new Set(shown.flatMap((s) => s.points.map((p) => p.at)))].sort((x, y) => x - y);
    const columns = shown.map((s) => {
      const values = new Map(s.points.map((p) => [p.at, p.value]));
      return times.map((t) => values.get(t) ?? null);
    });
    const style = getComputedStyle(document.documentElement);
    const axis = { stroke: style.getPropertyValue("--quiet"), grid: { stroke: style.getPropertyValue("--grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const plot = new uPlot({
      width, height: 120, legend: { show: false }, cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      padding: [10, 8, 0, 0],
      scales: { x: { time: true, range: () => [from, until] }, y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
      axes: [{ ...axis, space: 90, size: 30, values: (_u, v) => v.map((at) => clock(at, until - from)) }, { ...axis, size: 74, splits: (_u, _i, _min, max) => [0, max / 2.16, max / 1.08], values: (_u, v) => v.map((n) => amount(n, unit)) }],
      series: [{}, ...shown.map((s, i) => ({
        label: s.name, stroke: seriesColors[i]!, width: 1.75, spanGaps: true, points: { size: 5, fill: seriesColors[i]! },
        fill: shown.length === 1 ? seriesColors[0] + "2e" : undefined,
      }))],
      hooks: {
        setSelect: [(u) => {
          if (u.select.width < 4) return;
          onRange(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    }, [times, ...columns], place.current!);
    return () => plot.destroy();
  }, [series, width, dark, from, until, unit]);
  return (
    <div ref={outer}>
      <div ref={place} class="plot" role="img" aria-label={`${label}: ${shown.length} series; the sums are below`} />
      {shown.length > 0 && <ul class="legend" aria-label={`Sums of ${label}`}>
        {shown.map((s, i) => <li key={s.name}><span class={`swatch swatch-${i}`} aria-hidden="true" />{s.name} <b>{amount(s.sum, unit)}</b></li>)}
      </ul>}
    </div>
  );
}
