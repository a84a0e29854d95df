// The page: what to look at, over which time, and what the server answers.
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { overOf, windowOf } from "./comparison.ts";
import { call, servicesAndTypes, stackRequest, type Query } from "./api.ts";
import { Header } from "./header.tsx";
import { useAsked, useEvery, useTheme, useUrlState, type Change } from "./hooks.ts";
import { FailureNotice, Progress, SignIn } from "./notices.tsx";
import { Presets } from "./presets.tsx";
import { Result } from "./result.tsx";
import { Empty, Send } from "./send.tsx";
import { SideCard } from "./side.tsx";
import { selectorOf, type Side, type State } from "./state.ts";
import { isRelative, rangeName, rangeOf, type Range } from "./time.ts";
import { typeName } from "./format.ts";
import { readDiff, readGraph, type Graph } from "./tree.ts";

/** queryOf is what is asked for one side. */
function queryOf(s: State, side: Side, now: number): Query {
  return { type: s.type, selector: selectorOf(s.service, side.filter), ...rangeOf(side, now) };
}

/** usual is the profile type that is shown first. */
function usual(types: string[]): string {
  return types.find((t) => t.startsWith("process_cpu:cpu:")) ?? types.find((t) => t.includes(":cpu:") || t.startsWith("wall:")) ?? types[0] ?? "";
}

export function App() {
  const [state, put] = useUrlState();
  const [now, setNow] = useState(Date.now());
  const [looked, setLooked] = useState(now); // when the services were asked for
  const [asking, setAsking] = useState<"" | "who" | "how">(""); // who the user is, or how to send, because the user wants it
  const [theme, shown, setTheme] = useTheme();
  const change = useCallback<Change>((part, step = true) => {
    // "Last hour" is the one before this click, not before the page was loaded.
    if (step && ["service", "type", "compare", "over", "a", "b"].some((name) => name in part)) setNow(Date.now());
    put(part, step);
  }, []);
  const again = () => { setNow(Date.now()); setLooked(Date.now()); };
  const refresh = () => { setAsking(""); again(); };

  const a = useMemo(() => queryOf(state, state.a, now), [state.service, state.type, state.a, now]);
  const b = useMemo(() => queryOf(state, state.b, now), [state.service, state.type, state.b, now]);
  const over = overOf(state, now);
  const all: Range = state.compare ? rangeOf(over, now) : a;
  const moves = isRelative(state.a.until) || (state.compare && (isRelative(state.b.until) || isRelative(over.until)));
  const known = useAsked(`${state.compare ? over.from + over.until : state.a.from + state.a.until} ${looked}`, (signal) => {
    const range = rangeOf(state.compare ? over : state.a, Math.max(looked, now));
    return servicesAndTypes(range.start, range.end, signal);
  });
  const services = known.answer;
  useEffect(() => {
    if (!services?.size) return;
    const service = state.service || [...services.keys()][0]!;
    const types = services.get(service) ?? [];
    const type = types.includes(state.type) ? state.type : usual(types) || state.type;
    change({ service, type }, false);
  }, [services, state.service]);

  const ready = state.service !== "" && state.type !== "" && !known.failure;
  const result = useAsked(ready ? JSON.stringify([a, state.compare && b, now]) : "", async (signal) => {
    const { answer, cost } = state.compare
      ? await call<{ flamegraph?: object }>("Diff", { left: stackRequest(a), right: stackRequest(b) }, signal)
      : await call<{ flamegraph?: object }>("SelectMergeStacktraces", stackRequest(a), signal);
    const graph: Graph | undefined = (state.compare ? readDiff : readGraph)(answer.flamegraph);
    return { graph, cost };
  });
  useEffect(() => { document.title = [state.service, typeName(state.type).label, "Pyrocumulus"].filter((t) => t && t !== " · ").join(" – "); }, [state.service, state.type]);

  const unit = typeName(state.type).unit;
  const failure = known.failure ?? result.failure;
  useEvery(moves && !asking && !failure?.needsSignIn ? state.every : 0, again); // not while somebody types
  const waiting = known.since ?? result.since;
  const empty = services?.size === 0 && !state.service;
  const side = (which: "a" | "b", name: string, query: Query) => (
    <SideCard key={which} name={name} state={state} side={state[which]} query={query} over={windowOf(query, which === "a" ? b : a, all)} now={now} dark={shown === "dark"}
      onSide={(part) => change({ [which]: { ...state[which], ...part } })} onGroup={(group) => change({ group })} />
  );
  return (
    <>
      <a class="skip" href="#main">Skip to the profile</a>
      <Header state={state} change={change} services={services} now={now} theme={theme} setTheme={setTheme} onRefresh={refresh} onServices={() => setLooked(Date.now())} onSignIn={() => setAsking("who")} />
      <main id="main" tabIndex={-1} aria-busy={waiting !== undefined}>
        {waiting !== undefined ? <Progress since={waiting} onCancel={() => { known.cancel(); result.cancel(); }} /> : <div class="progress" />}
        {asking === "who" ? <SignIn onDone={refresh} />
          : asking === "how" ? <Send onDone={refresh} />
          : failure ? <FailureNotice failure={failure} onRetry={refresh} />
            : empty ? <Empty range={rangeName(state.a)} onLook={state.a.until === "now" ? refresh : undefined} onWiden={(from) => change({ a: { ...state.a, from, until: "now" } })} />
              : ready && <>
                {state.compare && <Presets state={state} now={now} change={change} />}
                <div class={state.compare ? "sides two" : "sides"}>
                  {state.compare ? [side("a", "Baseline", a), side("b", "Comparison", b)] : side("a", "", a)}
                </div>
                {result.answer?.graph && result.answer.graph.compared === state.compare
                  ? <Result state={state} change={change} graph={result.answer.graph} cost={result.answer.cost} unit={unit} queries={state.compare ? [a, b] : [a]} />
                  : result.answer && result.since === undefined && <section class="notice"><h2>Nothing matches</h2>
                    <p>No {typeName(state.type).label} profile of <b>{state.service}</b> {state.a.filter && <>with <code>{state.a.filter}</code> </>}in this range.
                      Choose a longer range, or clear the filter.</p></section>}
              </>}
      </main>
      <footer class="quiet"><button type="button" class="link" onClick={() => setAsking("how")}>Send profiles</button><a href="ui/licenses.txt">Licences</a></footer>
    </>
  );
}
