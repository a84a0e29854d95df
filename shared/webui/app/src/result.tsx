// The answer to a query of stack traces: flame graph, table, sandwich.
import { useMemo, useState } from "preact/hooks";
import { pprofOf, type Cost, type Query } from "./api.ts";
import { FlameChart } from "./flamechart.tsx";
import { amount, share } from "./format.ts";
import type { Change } from "./hooks.ts";
import type { State, View } from "./state.ts";
import { TopTable } from "./toptable.tsx";
import { sandwich, type Frame, type Graph } from "./tree.ts";

interface Props { state: State; change: Change; graph: Graph; cost: Cost; unit: string; queries: Query[] }

const views: [View, string][] = [["both", "Both"], ["flame", "Flame graph"], ["table", "Table"]];

export function Result({ state, change, graph, cost, unit, queries }: Props) {
  const { search, fn, view } = state;
  const pick = (name: string) => change({ fn: name });
  const found = useMemo(() => matched(graph, search), [graph, search]);
  return (
    <section class="card" aria-label={graph.compared ? "Differences" : "Flame graph and table"}>
      <div class="bar-row">
        <div class="segmented" role="group" aria-label="View">
          {views.map(([v, name]) => <button type="button" key={v} aria-pressed={view === v} onClick={() => change({ view: v })}>{name}</button>)}
        </div>
        <label class="search"><span class="sr-only">Search functions</span>
          <input type="search" placeholder="Search functions" value={search} onInput={(e) => change({ search: e.currentTarget.value }, false)} />
        </label>
        <p class="quiet found" role="status">{search && `${share(found)} in matching stacks`}</p>
        <span class="grow" />
        {queries.map((q, i) => <Export key={i} query={q} name={queries.length > 1 ? ["baseline", "comparison"][i]! : ""} service={state.service} />)}
      </div>
      {fn ? <Sandwich graph={graph} unit={unit} fn={fn} search={search} change={change} /> : (
        <div class={`panes ${view}`}>
          {view !== "flame" && <TopTable graph={graph} unit={unit} search={search} onPick={pick} />}
          {view !== "table" && <div class="pane">
            {graph.compared && <ChangeKey />}
            <FlameChart graph={graph} unit={unit} search={search} label="Flame graph" onSandwich={pick} />
            <p class="hint quiet">Click a frame to zoom in, its parents to zoom out. Double click for its callers and callees.</p>
          </div>}
        </div>
      )}
      <Footnote graph={graph} unit={unit} cost={cost} />
    </section>
  );
}

/** matched is the share of stacks with a function that is searched for. */
function matched(g: Graph, search: string): number {
  const term = search.toLowerCase();
  const sum = (f: Frame): number => (f.name.toLowerCase().includes(term) ? f.value : f.children.reduce((n, c) => n + sum(c), 0));
  return g.root.children.reduce((n, c) => n + sum(c), 0) / g.root.value;
}

function Sandwich({ graph, unit, fn, search, change }: { graph: Graph; unit: string; fn: string; search: string; change: Change }) {
  const both = useMemo(() => sandwich(graph, fn), [graph, fn]);
  return (
    <div class="sandwich">
      <div class="bar-row"><h2><code>{fn}</code></h2><button type="button" onClick={() => change({ fn: "" })}>Back to the whole profile</button></div>
      {!both ? <p class="notice">No stack in this range has this function.</p> : <>
        {graph.compared && <ChangeKey />}
        <h3>Callers</h3>
        <FlameChart graph={both.callers} unit={unit} search={search} upwards label={`Callers of ${fn}`} onSandwich={(name) => change({ fn: name })} />
        <h3>Callees</h3>
        <FlameChart graph={both.callees} unit={unit} search={search} label={`Callees of ${fn}`} onSandwich={(name) => change({ fn: name })} />
      </>}
    </div>
  );
}

function ChangeKey() {
  return <p class="change-key"><span>less in the comparison</span><span class="ramp" aria-hidden="true" /><span>more</span></p>;
}

function Export({ query, name, service }: { query: Query; name: string; service: string }) {
  const [state, set] = useState("");
  const download = async () => {
    set("…");
    try {
      const url = URL.createObjectURL(await pprofOf(query));
      const kind = query.type.split(":").slice(0, 2).join("-");
      Object.assign(document.createElement("a"), { href: url, download: [service, kind, name].filter(Boolean).join("-") + ".pb.gz" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60e3);
      set("");
    } catch (e) {
      set(": " + (e as Error).message);
    }
  };
  return <button type="button" class="export" disabled={state === "…"} onClick={() => void download()}>Export pprof{name && ` of ${name}`}<span role="status">{state}</span></button>;
}

function Footnote({ graph, unit, cost }: { graph: Graph; unit: string; cost: Cost }) {
  const total = graph.compared ? `${amount(graph.left, unit)} against ${amount(graph.right, unit)}` : amount(graph.left, unit);
  return (
    <p class="footnote quiet">
      {total} in total. Answered in {Math.round(cost.ms)} ms from {cost.blocks} {cost.blocks === 1 ? "block" : "blocks"}, {amount(cost.bytes, "bytes")} read
      {cost.workers > 0 && `, by ${cost.workers} workers`}.
      {cost.partial && <strong> Incomplete: {cost.partial} blocks could not be read.</strong>}
      {cost.trimmed && <strong> Older data is gone: answered from {cost.trimmed} on.</strong>}
    </p>
  );
}
