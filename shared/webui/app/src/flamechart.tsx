// One flame graph: drawn by d3-flame-graph, with keys, a tip and our colours.
import { useEffect, useRef } from "preact/hooks";
import { select } from "d3-selection";
import flamegraph from "d3-flame-graph";
import { changeColor, changeOf, frameColor, split } from "./colors.ts";
import { amount, change, share } from "./format.ts";
import { useWidth } from "./hooks.ts";
import type { Frame, Graph } from "./tree.ts";

/** A frame as it is laid out. */
interface Node { data: Frame; parent: Node | null; children?: Node[]; highlight?: boolean; depth: number; x0: number; x1: number; id: number; value: number }

interface Props {
  graph: Graph;
  unit: string;
  search: string;
  /** The root is below: for callers. */
  upwards?: boolean;
  /** Name for screen readers. */
  label: string;
  onSandwich?: (name: string) => void;
}

/** describe says what a frame stands for. */
function describe(f: Frame, g: Graph, unit: string): string[] {
  if (!g.compared) {
    return [`${amount(f.left, unit)} (${share(f.left / g.left)})`, `self ${amount(f.selfLeft, unit)} (${share(f.selfLeft / g.left)})`];
  }
  const [l, r] = [f.left / (g.left || 1), f.right / (g.right || 1)];
  return [`baseline ${share(l)} (${amount(f.left, unit)})`, `comparison ${share(r)} (${amount(f.right, unit)})`, `change ${change(r - l)}`];
}

export function FlameChart({ graph, unit, search, upwards = false, label, onSandwich }: Props) {
  const [outer, width] = useWidth<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof flamegraph>>();
  const searched = useRef(search);
  searched.current = search;

  useEffect(() => {
    if (!width) return;
    const element = place.current!;
    const c = chart.current = flamegraph()
      .width(width).cellHeight(20).minFrameSize(0.8).transitionDuration(0).inverted(!upwards)
      .resetHeightOnZoom(true).minHeight(60).sort((x: Node, y: Node) => y.data.value - x.data.value || (x.data.name < y.data.name ? -1 : 1))
      .getName((d: Node) => split(d.data.name)[1])
      .tooltip(tipOf(tip.current!, graph, unit))
      .setSearchHandler(() => {})
      .setSearchMatch((d: Node, term: string) => term !== "" && d.data.name.toLowerCase().includes(term))
      .setColorMapper((d: Node) => colorOf(d, graph, searched.current));
    select(element).datum(structuredClone(graph.root)).call(c);
    if (searched.current) c.search(searched.current.toLowerCase());
    if (upwards) outer.current!.scrollTop = outer.current!.scrollHeight; // to where the function is
    return () => { c.destroy(); element.replaceChildren(); };
  }, [graph, width, upwards, unit]);

  useEffect(() => {
    if (chart.current && width) search ? chart.current.search(search.toLowerCase()) : chart.current.clear();
  }, [search]);

  const cursor = useKeys(place, said, chart, graph, unit, onSandwich);
  return (
    <div class={upwards ? "flame callers" : "flame"} ref={outer}>
      <div
        ref={place} class="flame-canvas" tabIndex={0} role="application" aria-roledescription="flame graph"
        aria-label={`${label}. Arrow keys move, Enter zooms, Escape zooms out${onSandwich ? ", S shows callers and callees" : ""}. The table has the same numbers.`}
        {...cursor}
      />
      <div ref={tip} class="tip" hidden />
      <div ref={said} class="sr-only" aria-live="polite" />
    </div>
  );
}

function colorOf(d: Node, graph: Graph, search: string): string {
  if (search && !d.highlight) return "var(--frame-faded)";
  if (graph.compared) return changeColor(changeOf(d.data.left / (graph.left || 1), d.data.right / (graph.right || 1)));
  return d.depth === 0 ? "var(--frame-root)" : frameColor(d.data.name);
}

/** tipOf is what d3-flame-graph calls when the mouse is over a frame. */
function tipOf(box: HTMLElement, graph: Graph, unit: string) {
  const tip = () => {};
  return Object.assign(tip, {
    show(event: MouseEvent, d: Node) {
      const name = Object.assign(document.createElement("strong"), { textContent: d.data.name });
      box.replaceChildren(name, ...describe(d.data, graph, unit).map((t) => Object.assign(document.createElement("span"), { textContent: t })));
      box.hidden = false;
      box.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 8)) + "px";
      box.style.top = (event.clientY + 22 + box.offsetHeight > innerHeight ? event.clientY - box.offsetHeight - 12 : event.clientY + 18) + "px";
    },
    hide() { box.hidden = true; },
    destroy() { box.hidden = true; },
  });
}

/** useKeys moves a cursor over the frames and says where it is. */
function useKeys(
  place: { current: HTMLDivElement | null }, said: { current: HTMLDivElement | null },
  chart: { current: ReturnType<typeof flamegraph> | undefined }, graph: Graph, unit: string, onSandwich?: (name: string) => void,
) {
  const at = useRef<Node>();
  useEffect(() => { at.current = undefined; }, [graph]);
  const show = (node: Node) => {
    at.current = node;
    for (const g of place.current!.querySelectorAll<SVGGElement & { __data__?: Node }>("g.frame")) g.classList.toggle("cursor", g.__data__ === node);
    place.current!.querySelector("g.cursor")?.scrollIntoView({ block: "nearest" });
    said.current!.textContent = [node.data.name, ...describe(node.data, graph, unit), `level ${node.depth}`].join(", ");
  };
  const root = () => select(place.current!).datum() as Node | undefined;
  const move = (key: string): Node | undefined => {
    const now = at.current ?? root();
    if (!now || !at.current) return now;
    const row = now.parent?.children?.filter((n) => n.value > 0) ?? [now];
    const i = row.indexOf(now);
    switch (key) {
      case "ArrowUp": return now.parent ?? now;
      case "ArrowDown": return now.children?.filter((n) => n.value > 0).sort((x, y) => y.value - x.value)[0] ?? now;
      case "ArrowLeft": return row[i - 1] ?? now;
      case "ArrowRight": return row[i + 1] ?? now;
      case "Home": return root();
    }
    return undefined;
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const to = move(e.key);
    if (/^(Arrow|Home)/.test(e.key) && to) show(to);
    else if (e.key === "Enter" && at.current) { chart.current!.zoomTo(at.current); show(at.current); }
    else if (e.key === "Escape") { chart.current!.resetZoom(); const r = root(); if (r) show(r); }
    else if (e.key.toLowerCase() === "s" && at.current && at.current.depth > 0 && onSandwich) onSandwich(at.current.data.name);
    else return;
    e.preventDefault();
  };
  const onFocus = () => { const r = at.current ?? root(); if (r && place.current!.matches(":focus-visible")) show(r); };
  const onBlur = () => place.current?.querySelector("g.cursor")?.classList.remove("cursor");
  const onClick = (e: MouseEvent) => {
    const g = (e.target as Element).closest<SVGGElement & { __data__?: Node }>("g.frame");
    if (g?.__data__) at.current = g.__data__;
  };
  const onDblClick = () => { if (onSandwich && at.current && at.current.depth > 0) onSandwich(at.current.data.name); };
  return { onKeyDown, onFocus, onBlur, onClick, onDblClick };
}
