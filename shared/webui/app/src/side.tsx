// One side: its filter, its time if there are two, and its values over time.
import { useEffect } from "preact/hooks";
import { lessColor, moreColor } from "./colors.ts";
import { withMatcher } from "./complete.ts";
import { Filter } from "./filter.tsx";
import { labelNames, timeline, type Query } from "./api.ts";
import { isLevel, typeName } from "./format.ts";
import { useAsked } from "./hooks.ts";
import { firstOf } from "./series.ts";
import { selectorOf, type Side, type State } from "./state.ts";
import type { Range } from "./time.ts";
import { TimeRange } from "./timerange.tsx";
import { Timeline } from "./timeline.tsx";

interface Props {
  /** "" if there is only one. */
  name: string;
  state: State;
  side: Side;
  query: Query;
  /** What the timeline shows; the side's range is marked in it. */
  over: Range;
  now: number;
  dark: boolean;
  /** When the data begins that the timeline shows. */
  onFirst: (ms: number | undefined) => void;
  onSide: (part: Partial<Side>) => void;
  onGroup: (group: string) => void;
}

/** stepOf gives a point for each fifth pixel or so, of whole seconds and no less than what clients send at. */
function stepOf(q: Range): number {
  return Math.max(15, Math.ceil((q.end - q.start) / 1000 / 240 / 15) * 15);
}

export function SideCard({ name, state, side, query, over, now, dark, onFirst, onSide, onGroup }: Props) {
  const step = stepOf(over);
  const average = isLevel(state.type);
  const shown = { ...query, ...over };
  const key = JSON.stringify([shown, state.group]);
  const values = useAsked(key, (signal) => timeline(shown, state.group, step, average, signal));
  useEffect(() => {
    onFirst(values.answer && firstOf(values.answer, step));
    return () => onFirst(undefined);
  }, [values.answer]);
  const scope = { ...query, selector: selectorOf(state.service, "") };
  const names = useAsked(JSON.stringify(scope), (signal) => labelNames(scope, signal));
  const groups = [...new Set([...(names.answer ?? []), state.group].filter(Boolean))].sort();
  const label = name || "Values over time";
  const { label: what } = typeName(state.type);
  return (
    <section class="card side" aria-label={label} aria-busy={values.since !== undefined}>
      <div class="bar-row">
        {name && <h2 class={name.toLowerCase()}>{name}</h2>}
        <Filter label={name ? `Filter of the ${name.toLowerCase()}` : "Filter"} value={side.filter} service={state.service} query={query} onChange={(filter) => onSide({ filter })} />
        {name && <TimeRange label={`Time range of the ${name.toLowerCase()}`} range={side} now={now} onChange={onSide} />}
        <label class="group"><span>By</span>
          <select value={state.group} aria-label={name ? `Divide the timeline of the ${name.toLowerCase()} by` : "Divide the timeline by"} onChange={(e) => onGroup(e.currentTarget.value)}>
            <option value="">no label</option>
            {groups.map((g) => <option key={g} value={g}>{g}</option>)}
          </select>
        </label>
      </div>
      <p class="quiet plot-title">{what}{average && ", average"} in each {step < 120 ? `${step} s` : `${Math.round(step / 6) / 10} min`}. {name ? `Drag across to choose the range of the ${name.toLowerCase()}.` : "Drag across to choose a range."}</p>
      {values.failure ? <p class="quiet pad">The timeline is missing: {values.failure.message}</p> : (
        <Timeline series={values.answer ?? []} unit={typeName(state.type).unit} from={over.start / 1000} until={over.end / 1000} step={step} dark={dark} average={average} label={label}
          chosen={name && (query.start > over.start || query.end < over.end) ? query : undefined} color={name === "Baseline" ? lessColor : moreColor}
          onPick={state.group ? (value) => onSide({ filter: withMatcher(side.filter, state.group, value) }) : undefined}
          onRange={(from, until) => onSide({ from: new Date(from * 1000).toISOString(), until: new Date(until * 1000).toISOString() })} />
      )}
    </section>
  );
}
