// The answer to a query of stack traces: flame graph, table, sandwich.
import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "./copy.tsx";
import { pprofOf, type Cost, type Query } from "./api.ts";
import { describe, FlameChart } from "./flamechart.tsx";
import { amount, isLevel, share } from "./format.ts";
import type { Change } from "./hooks.ts";
import { formatState, type Side, type State, type View } from "./state.ts";
import { TopTable } from "./toptable.tsx";
import { collapsed, recurses, sandwich, type Frame, type Graph } from "./tree.ts";

interface Props { state: State; change: Change; graph: Graph; cost: Cost; unit: string; queries: Query[] }

/** What all flame graphs of the result need. */
interface Common { unit: string; search: string; onSandwich: (name: string) => void; onSearch: (name: string) => void }

const views: [View, string][] = [["both", "Both"], ["flame", "Flame graph"], ["table", "Table"]];

export function Result({ state, change, graph: whole, cost, unit, queries }: Props) {
  const { search, fn, view, collapse } = state;
  const recursive = useMemo(() => recurses(whole), [whole]);
  const graph = useMemo(() => (collapse ? collapsed(whole) : whole), [whole, collapse]);
  const pick = (name: string) => change({ fn: name, type: state.type }); // who looks closer means this type
  const common: Common = { unit, search, onSandwich: pick, onSearch: (name) => change({ search: name }) };
  const what = state.service + state.type; // another has another place to zoom to
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
        {(recursive || collapse) && <button type="button" aria-pressed={collapse} title="Show a function that calls itself as one frame" onClick={() => change({ collapse: !collapse })}>Collapse recursion</button>}
        <span class="grow" />
        <CopyLink state={state} queries={queries} />
        {queries.map((q, i) => <Export key={i} query={q} name={queries.length > 1 ? ["baseline", "comparison"][i]! : ""} service={state.service} />)}
      </div>
      {graph.compared && <OneSided graph={graph} />}
      {fn ? <Sandwich key={what} graph={graph} fn={fn} common={common} onBack={() => change({ fn: "" })} /> : (
        <div class={`panes ${view}`}>
          {view !== "flame" && <TopTable graph={graph} unit={unit} search={search} onPick={pick} />}
          {view !== "table" && <div class="pane">
            {graph.compared && <ChangeKey />}
            <FlameChart key={what} id="flame" graph={graph} label="Flame graph" {...common} />
            <p class="hint quiet">Click a frame to zoom in, its parents to zoom out. Double click for its callers and callees, right click for more.</p>
          </div>}
        </div>
      )}
      <Footnote graph={graph} unit={unit} cost={cost} level={isLevel(state.type)} />
    </section>
  );
}

/** matched is the share of stacks with a function that is searched for. */
function matched(g: Graph, search: string): number {
  const term = search.toLowerCase();
  const sum = (f: Frame): number => (f.name.toLowerCase().includes(term) ? f.value : f.children.reduce((n, c) => n + sum(c), 0));
  return g.root.children.reduce((n, c) => n + sum(c), 0) / g.root.value;
}

/** OneSided says that there is nothing to compare with. */
function OneSided({ graph }: { graph: Graph }) {
  const name = graph.left === 0 ? "baseline" : graph.right === 0 ? "comparison" : "";
  return <p class="one-sided" role="status">{name && `The ${name} has no profiles: choose another range for it, or clear its filter.`}</p>;
}

/** CopyLink copies what is shown: with its times, as what is relative is something else later. */
function CopyLink({ state, queries }: { state: State; queries: Query[] }) {
  const fixed = (side: Side, q: Query | undefined) => (q ? { ...side, from: new Date(q.start).toISOString(), until: new Date(q.end).toISOString() } : side);
  const link = () => {
    const [a, b] = [fixed(state.a, queries[0]), fixed(state.b, queries[1])];
    return location.origin + location.pathname + formatState({ ...state, a, b, every: 0, over: { from: "", until: "" } });
  };
  return <CopyButton name="Copy link" title="A link to what is shown, with its times" text={link} />;
}

function Sandwich({ graph, fn, common, onBack }: { graph: Graph; fn: string; common: Common; onBack: () => void }) {
  const both = useMemo(() => sandwich(graph, fn), [graph, fn]);
  return (
    <div class="sandwich">
      <div class="bar-row">
        <h2><code>{fn}</code></h2><CopyButton name="Copy name" text={() => fn} /><button type="button" onClick={onBack}>Back to the whole profile</button>
        {both && <span class="quiet">{describe(both.callees.root, graph, common.unit).join(", ")}</span>}
      </div>
      {!both ? <p class="notice">No stack in this range has this function.</p> : <>
        {graph.compared && <ChangeKey />}
        <h3>Callers</h3>
        <FlameChart graph={both.callers} upwards label={`Callers of ${fn}`} {...common} />
        <h3>Callees</h3>
        <FlameChart graph={both.callees} label={`Callees of ${fn}`} {...common} />
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

function Footnote({ graph, unit, cost, level }: { graph: Graph; unit: string; cost: Cost; level: boolean }) {
  const total = graph.compared ? `${amount(graph.left, unit)} against ${amount(graph.right, unit)}` : amount(graph.left, unit);
  return (
    <p class="footnote quiet">
      {total} in total{level && ", added up over all profiles: their shares say more than their sizes"}. Answered in {Math.round(cost.ms)} ms from {cost.blocks} {cost.blocks === 1 ? "block" : "blocks"}, {amount(cost.bytes, "bytes")} read
      {cost.workers > 0 && `, by ${cost.workers} workers`}.
      {cost.partial && <strong> Incomplete: {cost.partial} blocks could not be read.</strong>}
      {cost.trimmed && <strong> Older data is gone: answered from {cost.trimmed} on.</strong>}
    </p>
  );
}
