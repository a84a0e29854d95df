// Values over time; dragging across it chooses a range.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { seriesColors } from "./colors.ts";
import { amount } from "./format.ts";
import { useWidth } from "./hooks.ts";
import { aligned, largest } from "./series.ts";
import type { Series } from "./api.ts";
import type { Range } from "./time.ts";

interface Props {
  series: Series[];
  unit: string;
  /** Seconds since 1970. */
  from: number;
  until: number;
  /** Seconds from a point to the next. */
  step: number;
  dark: boolean;
  /** Whether values are averages and not sums. */
  average: boolean;
  label: string;
  /** What is marked, and its colour. */
  chosen: Range | undefined;
  color: string;
  onRange: (from: number, until: number) => void;
  /** A value of the label by which it is divided was chosen. */
  onPick: ((value: string) => void) | undefined;
}

/** clock is a time as an axis shows it that is so many seconds long. */
function clock(at: number, length: number): string {
  const d = new Date(at * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (length > 36 * 3600) return `${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}`;
  return length > 1200 ? time : `${time}:${two(d.getSeconds())}`;
}

/** endOf is how many pixels half of such a time needs beyond the axis. */
const endOf = (length: number) => (length > 36 * 3600 ? 38 : length > 1200 ? 20 : 30);

export function Timeline({ series, unit, from, until, step, dark, average, label, chosen, color, onRange, onPick }: Props) {
  const [outer, width] = useWidth<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const range = useRef(onRange);
  range.current = onRange;
  const shown = largest(series, seriesColors.length, chosen, average);
  const plotted = useRef<uPlot>();
  const pressed = useRef(false);
  const [released, setReleased] = useState(0);
  useEffect(() => {
    const up = () => { if (pressed.current) { pressed.current = false; setReleased((n) => n + 1); } };
    addEventListener("mouseup", up);
    return () => { removeEventListener("mouseup", up); plotted.current?.destroy(); };
  }, []);
  useEffect(() => {
    if (!width || pressed.current) return; // what is being dragged on stays until it is let go
    const { times, columns, lonely } = aligned(shown.map((s) => s.points), step);
    const some = shown.some((s) => s.points.some((p) => p.value > 0));
    const style = getComputedStyle(document.documentElement);
    const axis = { stroke: style.getPropertyValue("--quiet"), grid: { stroke: style.getPropertyValue("--grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    plotted.current?.destroy();
    plotted.current = new uPlot({
      width, height: 120, legend: { show: false }, cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      padding: [10, endOf(until - from), 0, 0],
      scales: { x: { time: true, range: () => [from, until] }, y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
      axes: [{ ...axis, space: 90, size: 30, values: (_u, v) => v.map((at) => clock(at, until - from)) }, { ...axis, size: 74, splits: (_u, _i, _min, max) => (some ? [0, max / 2.16, max / 1.08] : [0]), values: (_u, v) => v.map((n) => amount(n, unit)) }],
      series: [{}, ...shown.map((s, i) => ({
        label: s.name, stroke: seriesColors[i]!, width: 1.75, points: { size: 5, fill: seriesColors[i]!, filter: (_u: uPlot, _i: number, all: boolean) => (all ? null : lonely[i]!) },
        fill: shown.length === 1 ? seriesColors[0] + "2e" : undefined,
      }))],
      hooks: {
        drawClear: [(u) => { if (chosen) mark(u, chosen, color); }],
        setCursor: [(u) => say(u, tip.current!, shown.map((s) => s.name), unit)],
        setSelect: [(u) => {
          if (u.select.width < 4) return;
          range.current(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    }, [times, ...columns] as uPlot.AlignedData, place.current!);
  }, [series, width, dark, from, until, unit, chosen?.start, chosen?.end, released]);
  return (
    <div ref={outer}>
      <div ref={place} class="plot" onMouseDown={() => { pressed.current = true; }} role="img" aria-label={`${label}: ${shown.length} series; the ${average ? "averages" : "sums"} are below`} onMouseLeave={() => { tip.current!.hidden = true; }} />
      <div ref={tip} class="tip" hidden />
      {shown.length > 0 && <ul class="legend" aria-label={`${average ? "Averages" : "Sums"} of ${label}`}>
        {shown.map((s, i) => {
          const text = <><span class={`swatch swatch-${i}`} aria-hidden="true" />{s.name} <b>{amount(s.sum, unit)}</b></>;
          return <li key={s.name}>{s.value !== undefined && onPick ? <button type="button" class="plain" title="Show this one only" onClick={() => onPick(s.value!)}>{text}</button> : text}</li>;
        })}
      </ul>}
    </div>
  );
}

/** mark colours a range. */
function mark(u: uPlot, chosen: Range, color: string): void {
  const [left, right] = [chosen.start, chosen.end].map((ms) => Math.min(Math.max(u.valToPos(ms / 1000, "x", true), u.bbox.left), u.bbox.left + u.bbox.width)) as [number, number];
  const { ctx } = u;
  ctx.save();
  ctx.fillStyle = color;
  ctx.globalAlpha = 0.22;
  ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
  ctx.globalAlpha = 1;
  for (const x of [left, right - 2]) ctx.fillRect(x, u.bbox.top, 2, u.bbox.height);
  ctx.restore();
}

/** say shows the values at the mouse. */
function say(u: uPlot, box: HTMLElement, names: string[], unit: string): void {
  const { idx, left = -1, top = 0 } = u.cursor;
  const values = idx == null || left < 0 ? [] : names.map((name, i) => [name, u.data[i + 1]?.[idx]] as const).filter(([, v]) => v != null);
  box.hidden = values.length === 0;
  if (box.hidden) return;
  const at = new Date(u.data[0][idx!]! * 1000).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const line = (tag: string, text: string) => Object.assign(document.createElement(tag), { textContent: text });
  box.replaceChildren(line("strong", at), ...values.map(([name, v]) => line("span", `${name}: ${amount(v!, unit)}`)));
  const over = u.over.getBoundingClientRect();
  box.style.left = Math.max(4, Math.min(over.left + left + 14, innerWidth - box.offsetWidth - 8)) + "px";
  box.style.top = over.top + top + 18 + "px";
}
