// One flame graph: drawn by d3-flame-graph, with keys, a tip, a menu and our colours.
import { useEffect, useRef, useState } from "preact/hooks";
import { select } from "d3-selection";
import flamegraph from "d3-flame-graph";
import { changeColor, changeOf, frameColor, split } from "./colors.ts";
import { copyText } from "./copy.tsx";
import { amount, change, share } from "./format.ts";
import { FrameMenu, type Menu } from "./framemenu.tsx";
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
  /** For a link to it. */
  id?: string;
  /** Name for screen readers. */
  label: string;
  onSandwich: (name: string) => void;
  onSearch: (name: string) => void;
}

type Chart = ReturnType<typeof flamegraph>;

/** describe says what a frame stands for. */
export function describe(f: Frame, g: Graph, unit: string): string[] {
  if (!g.compared) {
    return [`${amount(f.left, unit)} (${share(f.left / g.left)})`, `self ${amount(f.selfLeft, unit)} (${share(f.selfLeft / g.left)})`];
  }
  const [l, r] = [f.left / (g.left || 1), f.right / (g.right || 1)];
  return [`baseline ${share(l)} (${amount(f.left, unit)})`, `comparison ${share(r)} (${amount(f.right, unit)})`, `change ${change(r - l)}`];
}

/** pathOf are the names from the root to a frame. */
function pathOf(node: Node): string[] {
  const out: string[] = [];
  for (let at: Node | null = node; at; at = at.parent) out.unshift(at.data.name);
  return out;
}

/** nodeAt is the frame at a path, or the last one on it that is there. */
function nodeAt(root: Node | undefined, path: string[]): Node | undefined {
  if (!root || root.data.name !== path[0]) return undefined;
  let at = root;
  for (const name of path.slice(1)) {
    const next = at.children?.find((c) => c.data.name === name);
    if (!next) break;
    at = next;
  }
  return at;
}

export function FlameChart(props: Props) {
  const { graph, unit, search, upwards = false, id, label, onSandwich, onSearch } = props;
  const [outer, width] = useWidth<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart>();
  const searched = useRef(search);
  const zoomed = useRef<string[]>([]); // the path of the frame that fills the width, for the next answer
  const [menu, setMenu] = useState<Menu>();
  searched.current = search;

  useEffect(() => {
    if (!width) return;
    const element = place.current!;
    const c = chart.current = flamegraph()
      .width(width).cellHeight(20).minFrameSize(0.8).transitionDuration(0).inverted(!upwards)
      .resetHeightOnZoom(true).minHeight(60).sort((x: Node, y: Node) => y.data.value - x.data.value || (x.data.name < y.data.name ? -1 : 1))
      .getName((d: Node) => split(d.data.name)[1])
      .tooltip(tipOf(tip.current!, graph, unit))
      .onClick((d: Node) => { zoomed.current = d.parent ? pathOf(d) : []; })
      .setSearchHandler(() => {})
      .setSearchMatch((d: Node, term: string) => term !== "" && d.data.name.toLowerCase().includes(term))
      .setColorMapper((d: Node) => colorOf(d, graph, searched.current));
    select(element).datum(structuredClone(graph.root)).call(c);
    if (searched.current) c.search(searched.current.toLowerCase());
    const before = nodeAt(select(element).datum() as Node, zoomed.current);
    if (before?.parent) {
      const path = zoomed.current; // a function may be missing in this answer and be in the next
      c.zoomTo(before);
      zoomed.current = path;
    }
    if (upwards) outer.current!.scrollTop = outer.current!.scrollHeight; // to where the function is
    element.style.minHeight = "";
    return () => {
      element.style.minHeight = element.offsetHeight + "px"; // the page must not jump
      c.destroy();
      element.replaceChildren();
    };
  }, [graph, width, upwards, unit]);

  useEffect(() => {
    if (chart.current && width) search ? chart.current.search(search.toLowerCase()) : chart.current.clear();
  }, [search]);

  const items = (node: Node): Menu["items"] => [
    ["Zoom in", () => chart.current!.zoomTo(node)],
    ...(node.parent ? [["Callers and callees", () => onSandwich(node.data.name)]] : []) as Menu["items"],
    ["Copy name", () => void copyText(node.data.name)],
    ["Search for it", () => onSearch(node.data.name)],
  ];
  const cursor = useCursor(place, said, chart, graph, unit, {
    onSandwich, onZoomOut: () => { zoomed.current = []; chart.current!.resetZoom(); },
    onMenu: (node, x, y) => { tip.current!.hidden = true; setMenu({ x, y, name: node.data.name, items: items(node) }); },
  }, width);
  return (
    <div class={upwards ? "flame callers" : "flame"} ref={outer}>
      <div
        ref={place} id={id} class="flame-canvas" tabIndex={0} role="application" aria-roledescription="flame graph"
        aria-label={`${label}. Arrow keys move, Enter zooms, Escape zooms out, S shows callers and callees, C copies the name. The table has the same numbers.`}
        {...cursor}
      />
      {menu && <FrameMenu menu={menu} onClose={() => { setMenu(undefined); place.current?.focus({ preventScroll: true }); }} />}
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

interface Acts {
  onSandwich: (name: string) => void;
  onZoomOut: () => void;
  onMenu: (node: Node, x: number, y: number) => void;
}

type FrameElement = SVGGElement & { __data__?: Node };

/** useCursor moves a cursor over the frames and says where it is. */
function useCursor(
  place: { current: HTMLDivElement | null }, said: { current: HTMLDivElement | null },
  chart: { current: Chart | undefined }, graph: Graph, unit: string, acts: Acts, width: number,
) {
  const at = useRef<Node>();
  const root = () => select(place.current!).datum() as Node | undefined;
  const mark = (node: Node) => {
    at.current = node;
    for (const g of place.current!.querySelectorAll<FrameElement>("g.frame")) g.classList.toggle("cursor", g.__data__ === node);
  };
  useEffect(() => { // the same place in what is drawn anew
    if (!at.current || !width) return;
    const path = pathOf(at.current);
    at.current = nodeAt(root(), path);
    if (at.current && document.activeElement === place.current) mark(at.current);
  }, [graph, width]);
  const show = (node: Node) => {
    mark(node);
    place.current!.querySelector("g.cursor")?.scrollIntoView({ block: "nearest" });
    said.current!.textContent = [node.data.name, ...describe(node.data, graph, unit), `level ${node.depth}`].join(", ");
  };
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
  const copy = (node: Node) => void copyText(node.data.name).then(() => { said.current!.textContent = "Copied " + node.data.name; });
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const to = move(e.key);
    const key = e.key.toLowerCase();
    if (/^(Arrow|Home)/.test(e.key) && to) show(to);
    else if (e.key === "Enter" && at.current) { chart.current!.zoomTo(at.current); show(at.current); }
    else if (e.key === "Escape") { acts.onZoomOut(); const r = root(); if (r) show(r); }
    else if (key === "s" && at.current && at.current.depth > 0) acts.onSandwich(at.current.data.name);
    else if (key === "c" && at.current) copy(at.current);
    else return;
    e.preventDefault();
  };
  const frameOf = (e: Event) => (e.target as Element).closest<FrameElement>("g.frame")?.__data__;
  const onFocus = () => { const r = at.current ?? root(); if (r && place.current!.matches(":focus-visible")) show(r); };
  const onBlur = () => place.current?.querySelector("g.cursor")?.classList.remove("cursor");
  const onClick = (e: MouseEvent) => { at.current = frameOf(e) ?? at.current; };
  const onDblClick = () => { if (at.current && at.current.depth > 0) acts.onSandwich(at.current.data.name); };
  const onContextMenu = (e: MouseEvent) => {
    const node = frameOf(e) ?? at.current; // by a key it comes from the whole
    if (!node) return;
    e.preventDefault();
    at.current = node;
    if (frameOf(e)) return acts.onMenu(node, e.clientX, e.clientY);
    const box = (place.current!.querySelector("g.cursor") ?? place.current!).getBoundingClientRect();
    acts.onMenu(node, box.left, box.bottom);
  };
  return { onKeyDown, onFocus, onBlur, onClick, onDblClick, onContextMenu };
}
