// The bar at the top: service, profile type, time, and what concerns the page.
import type { Change, Theme } from "./hooks.ts";
import type { State } from "./state.ts";
import { typeName } from "./format.ts";
import { TimeRange } from "./timerange.tsx";
import { parseTime } from "./time.ts";

interface Props {
  state: State;
  change: Change;
  services: Map<string, string[]> | undefined;
  now: number;
  theme: Theme;
  setTheme: (t: Theme) => void;
  onRefresh: () => void;
  onSignIn: () => void;
}

const nextTheme: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const themeSign: Record<Theme, string> = { auto: "◐", light: "☀", dark: "☾" };

export function Header({ state, change, services, now, theme, setTheme, onRefresh, onSignIn }: Props) {
  const names = [...new Set([...(services?.keys() ?? []), state.service].filter(Boolean))].sort();
  const types = [...new Set([...(services?.get(state.service) ?? []), state.type].filter(Boolean))];
  const kinds = grouped(types);
  return (
    <header>
      <a class="brand" href="."><img src="ui/icon.svg" alt="" width="26" height="26" /><h1>Pyrocumulus</h1></a>
      <label><span>Service</span>
        <select value={state.service} disabled={names.length === 0} onChange={(e) => change({ service: e.currentTarget.value, fn: "" })}>
          {names.map((n) => <option key={n} value={n}>{n}</option>)}
        </select>
      </label>
      <label><span>Profile</span>
        <select value={state.type} disabled={types.length === 0} onChange={(e) => change({ type: e.currentTarget.value })}>
          {[...kinds].map(([kind, ids]) => (
            <optgroup key={kind} label={kind}>{ids.map((t) => <option key={t} value={t}>{typeName(t).label}</option>)}</optgroup>
          ))}
        </select>
      </label>
      <span class="grow" />
      <button type="button" aria-pressed={state.compare} onClick={() => change(toggled(state, now))}>Compare</button>
      {!state.compare && <TimeRange label="Time range" from={state.a.from} until={state.a.until} now={now}
        onChange={(from, until) => change({ a: { ...state.a, from, until } })} />}
      <button type="button" class="icon" title="Ask again" aria-label="Refresh" onClick={onRefresh}>↻</button>
      <button type="button" class="icon" title={`Colours: ${theme}`} aria-label={`Colours: ${theme}. Change to ${nextTheme[theme]}`} onClick={() => setTheme(nextTheme[theme])}>{themeSign[theme]}</button>
      <button type="button" class="icon" title="Token, user, tenant" aria-label="Sign in" onClick={onSignIn}>
        <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true"><circle cx="8" cy="5" r="3" /><path d="M2 15c0-3.500 2.700-5.500 6-5.500s6 2 6 5.500z" /></svg>
      </button>
    </header>
  );
}

function grouped(types: string[]): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const t of types) out.set(typeName(t).kind, [...(out.get(typeName(t).kind) ?? []), t]);
  return out;
}

/** toggled begins a comparison with the two halves of the range, or ends it. */
function toggled(s: State, now: number): Partial<State> {
  const [from, until] = [parseTime(s.a.from, now), parseTime(s.a.until, now)];
  if (s.compare) return { compare: false, a: { ...s.a, until: s.b.until } };
  const middle = new Date((from + until) / 2).toISOString();
  return {
    compare: true,
    a: { ...s.a, from: new Date(from).toISOString(), until: middle },
    b: { ...s.a, from: middle, until: new Date(until).toISOString() },
  };
}
