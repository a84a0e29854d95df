// The page: what to look at, over which time, and what the server answers.
import { useEffect, useMemo, useState } from "preact/hooks";
import { call, servicesAndTypes, stackRequest, type Query } from "./api.ts";
import { Header } from "./header.tsx";
import { useAsked, useTheme, useUrlState } from "./hooks.ts";
import { Empty, FailureNotice, Progress, SignIn } from "./notices.tsx";
import { Result } from "./result.tsx";
import { SideCard } from "./side.tsx";
import { selectorOf, type Side, type State } from "./state.ts";
import { parseTime, rangeName } from "./time.ts";
import { typeName } from "./format.ts";
import { readDiff, readGraph, type Graph } from "./tree.ts";

/** queryOf is what is asked for one side. */
function queryOf(s: State, side: Side, now: number): Query {
  return { type: s.type, selector: selectorOf(s.service, side.filter), start: parseTime(side.from, now), end: parseTime(side.until, now) };
}

/** usual is the profile type that is shown first. */
function usual(types: string[]): string {
  return types.find((t) => t.startsWith("process_cpu:cpu:")) ?? types.find((t) => t.includes(":cpu:") || t.startsWith("wall:")) ?? types[0] ?? "";
}

export function App() {
  const [state, change] = useUrlState();
  const [now, setNow] = useState(Date.now());
  const [asking, setAsking] = useState(false); // who the user is, because the user wants to say it
  const [theme, shown, setTheme] = useTheme();
  const refresh = () => { setAsking(false); setNow(Date.now()); };

  const a = useMemo(() => queryOf(state, state.a, now), [state.service, state.type, state.a, now]);
  const b = useMemo(() => queryOf(state, state.b, now), [state.service, state.type, state.b, now]);
  const known = useAsked(`${a.start} ${a.end} ${now}`, (signal) => servicesAndTypes(a.start, a.end, signal));
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
  const waiting = known.since ?? result.since;
  const empty = services?.size === 0 && !state.service;
  const side = (which: "a" | "b", name: string, query: Query) => (
    <SideCard key={which} name={name} state={state} side={state[which]} query={query} now={now} dark={shown === "dark"}
      onSide={(part) => change({ [which]: { ...state[which], ...part } })} onGroup={(group) => change({ group })} />
  );
  return (
    <>
      <a class="skip" href="#main">Skip to the profile</a>
      <Header state={state} change={change} services={services} now={now} theme={theme} setTheme={setTheme} onRefresh={refresh} onSignIn={() => setAsking(true)} />
      <main id="main" tabIndex={-1} aria-busy={waiting !== undefined}>
        {waiting !== undefined ? <Progress since={waiting} onCancel={() => { known.cancel(); result.cancel(); }} /> : <div class="progress" />}
        {asking ? <SignIn onDone={refresh} />
          : failure ? <FailureNotice failure={failure} onRetry={refresh} />
            : empty ? <Empty range={rangeName(state.a.from, state.a.until)} onLook={state.a.until === "now" ? refresh : undefined} onWiden={(from) => change({ a: { ...state.a, from, until: "now" } })} />
              : ready && <>
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
      <footer class="quiet"><a href="ui/licenses.txt">Licences</a></footer>
    </>
  );
}
