// The page: what to look at, over which time, and what the server answers.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { overOf, windowOf } from "./comparison.ts";
import { call, servicesAndTypes, stackRequest, type Query } from "./api.ts";
import { Header } from "./header.tsx";
import { useAsked, useEvery, useTheme, useUrlState, type Change } from "./hooks.ts";
import { FailureNotice, Nothing, Progress, SignIn } from "./notices.tsx";
import { Presets } from "./presets.tsx";
import { Result } from "./result.tsx";
import { Empty, Send } from "./send.tsx";
import { SideCard } from "./side.tsx";
import { selectorOf, type Side, type State } from "./state.ts";
import { isRelative, rangeName, rangeOf, type Range } from "./time.ts";
import { isWork, typeName, typeOf } from "./format.ts";
import { readDiff, readGraph, type Graph } from "./tree.ts";

/** queryOf is what is asked for one side. */
function queryOf(s: State, side: Side, now: number): Query {
  return { type: s.type, selector: selectorOf(s.service, side.filter), ...rangeOf(side, now) };
}

/** In how many seconds it looks whether a service has CPU profiles by now, and for how long, in ms. */
const lookInterval = 5;
const patience = 5 * 60e3;

export function App() {
  const [chosen, put] = useUrlState();
  const [now, setNow] = useState(Date.now());
  const [looked, setLooked] = useState(now); // when the services were asked for
  const [asking, setAsking] = useState<"" | "who" | "how">(""); // who the user is, or how to send, because the user wants it
  const [theme, shown, setTheme] = useTheme();
  const change = useCallback<Change>((part, step = true) => {
    // "Last hour" is the one before this click, not before the page was loaded.
    if (step && ["service", "type", "compare", "over", "a", "b"].some((name) => name in part)) setNow(Date.now());
    put(part, step);
  }, []);
  const known = useAsked(`${chosen.compare ? Object.values(overOf(chosen, now)) : chosen.a.from + chosen.a.until} ${looked}`, (signal) => {
    const range = rangeOf(chosen.compare ? overOf(chosen, now) : chosen.a, Math.max(looked, now));
    return servicesAndTypes(range.start, range.end, signal);
  });
  const services = known.answer;
  // A type that nobody chose is another once there is a better one: an SDK's first upload has no CPU profile.
  const last = useRef(""); // where the service has nothing
  const state = useMemo(() => ({ ...chosen, type: last.current = typeOf(chosen.type, services?.get(chosen.service) ?? []) || last.current }), [chosen, services]);
  useEffect(() => setNow((before) => Math.max(before, looked)), [state.type]);
  const again = () => { setNow(Date.now()); setLooked(Date.now()); };
  const refresh = () => { setAsking(""); again(); };

  const a = useMemo(() => queryOf(state, state.a, now), [state.service, state.type, state.a, now]);
  const b = useMemo(() => queryOf(state, state.b, now), [state.service, state.type, state.b, now]);
  const over = overOf(state, now);
  const all: Range = state.compare ? rangeOf(over, now) : a;
  const firsts = useRef<{ a?: number | undefined; b?: number | undefined }>({}); // when the data of the timelines begins
  const first = () => [firsts.current.a, firsts.current.b].filter((ms) => ms !== undefined && ms > all.start).sort((x, y) => x! - y!)[0];
  const moves = isRelative(state.a.until) || (state.compare && (isRelative(state.b.until) || isRelative(over.until)));
  useEffect(() => {
    if (services?.size && !state.service) change({ service: [...services.keys()][0]! }, false);
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
  const may = moves && !asking && !failure?.needsSignIn; // not while somebody types
  useEvery(may ? state.every : 0, again);
  const lookUntil = useMemo(() => Date.now() + patience, [state.service]);
  useEvery(may && state.service && !chosen.type && !isWork(state.type) && looked < lookUntil ? lookInterval : 0, () => setLooked(Date.now()));
  const graph = ready && !failure && result.answer?.graph?.compared === state.compare ? result.answer.graph : undefined;
  const waiting = known.since ?? result.since;
  const empty = services?.size === 0 && !state.service;
  const side = (which: "a" | "b", name: string, query: Query) => (
    <SideCard key={which} name={name} state={state} side={state[which]} query={query} over={windowOf(query, which === "a" ? b : a, all)} now={now} dark={shown === "dark"}
      onFirst={(ms) => { firsts.current[which] = ms; }} onSide={(part) => change({ [which]: { ...state[which], ...part } })} onGroup={(group) => change({ group })} />
  );
  return (
    <>
      <a class="skip" href="#main">Skip to the profile</a>
      {graph && !asking && !state.fn && state.view !== "table" && <a class="skip" href="#flame">Skip to the flame graph</a>}
      <Header state={state} change={change} services={services} now={now} first={first} theme={theme} setTheme={setTheme} onRefresh={refresh} onServices={() => setLooked(Date.now())} onSignIn={() => setAsking("who")} />
      <main id="main" tabIndex={-1} aria-busy={waiting !== undefined}>
        {waiting !== undefined ? <Progress since={waiting} onCancel={() => { known.cancel(); result.cancel(); }} /> : <div class="progress" />}
        {asking === "who" ? <SignIn onDone={refresh} />
          : asking === "how" ? <Send onDone={refresh} />
          : known.failure || failure?.needsSignIn ? <FailureNotice failure={failure!} onRetry={refresh} />
            : empty ? <Empty range={rangeName(state.a)} onLook={state.a.until === "now" ? refresh : undefined} onWiden={(from) => change({ a: { ...state.a, from, until: "now" } })} />
              : !ready ? services && state.service && <Nothing state={state} />
              : <>
                {state.compare && <Presets state={state} now={now} first={first} change={change} />}
                <div class={state.compare ? "sides two" : "sides"}>
                  {state.compare ? [side("a", "Baseline", a), side("b", "Comparison", b)] : side("a", "", a)}
                </div>
                {/* The filter, which may be what is wrong, stays. */}
                {result.failure ? <FailureNotice failure={result.failure} onRetry={refresh} />
                  : graph
                  ? <Result state={state} change={change} graph={graph} cost={result.answer!.cost} unit={unit} queries={state.compare ? [a, b] : [a]} />
                  : result.answer && result.since === undefined && <Nothing state={state} />}
              </>}
      </main>
      <footer class="quiet"><button type="button" class="link" onClick={() => setAsking("how")}>Send profiles</button><a href="ui/licenses.txt">Licences</a></footer>
    </>
  );
}
