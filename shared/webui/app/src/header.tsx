// The bar at the top: service, profile type, time, and what concerns the page.
import type { Change, Theme } from "./hooks.ts";
import { intervals, type State } from "./state.ts";
import { typeName } from "./format.ts";
import { TimeRange } from "./timerange.tsx";
import { overOf, toggled, withOver } from "./comparison.ts";
import { Picker } from "./picker.tsx";

interface Props {
  state: State;
  change: Change;
  services: Map<string, string[]> | undefined;
  now: number;
  /** When the data of what is shown begins. */
  first: () => number | undefined;
  theme: Theme;
  setTheme: (t: Theme) => void;
  onRefresh: () => void;
  /** The services should be asked for again. */
  onServices: () => void;
  onSignIn: () => void;
}

const nextTheme: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const themeSign: Record<Theme, string> = { auto: "◐", light: "☀", dark: "☾" };

export function Header({ state, change, services, now, first, theme, setTheme, onRefresh, onServices, onSignIn }: Props) {
  const names = [...new Set([...(services?.keys() ?? []), state.service].filter(Boolean))].sort();
  const types = [...new Set([...(services?.get(state.service) ?? []), state.type].filter(Boolean))];
  const kinds = grouped(types);
  return (
    <header>
      <a class="brand" href="."><img src="ui/icon.svg" alt="" width="26" height="26" /><h1>Pyrocumulus</h1></a>
      <Picker label="Service" value={state.service} options={names} onOpen={onServices} onChange={(service) => change({ service, fn: "" })} />
      <label><span>Profile</span>
        <select value={state.type} disabled={types.length === 0} onChange={(e) => change({ type: e.currentTarget.value })}>
          {[...kinds].map(([kind, ids]) => (
            <optgroup key={kind} label={kind}>{ids.map((t) => <option key={t} value={t}>{typeName(t).label}</option>)}</optgroup>
          ))}
        </select>
      </label>
      <span class="grow" />
      <button type="button" aria-pressed={state.compare} onClick={() => change(toggled(state, now, first()))}>Compare</button>
      <TimeRange label="Time range" range={state.compare ? overOf(state, now) : state.a} now={now}
        onChange={(range) => change(state.compare ? withOver(state, range, now, first()) : { a: { ...state.a, ...range } })} />
      <span class="segmented">
        <button type="button" class="icon" title="Ask again" aria-label="Refresh" onClick={onRefresh}>↻</button>
        <select class="every" aria-label="Refresh by itself" title="Refresh by itself" value={state.every} onChange={(e) => change({ every: Number(e.currentTarget.value) }, false)}>
          {intervals.map((n) => <option key={n} value={n}>{n === 0 ? "off" : n < 60 ? `${n} s` : `${n / 60} min`}</option>)}
        </select>
      </span>
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
