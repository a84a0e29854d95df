// The range of time: quick ones, and typed ones, relative to now or not.
import { useEffect, useRef, useState } from "preact/hooks";
import { inputTime, parseTime, quickRanges, rangeName, rangeOf, shifted, typedTime, type Typed } from "./time.ts";

interface Props { label: string; range: Typed; now: number; onChange: (range: Typed) => void }

const example = "now-90m, now-1d12h or 2026-01-31 14:05";

/** judge says what is wrong with what was typed, or nothing. */
function judge(typed: Typed, now: number): string {
  const { start, end } = rangeOf(typed, now);
  for (const [name, text, ms] of [["From", typed.from, start], ["Until", typed.until, end]] as const) {
    if (Number.isNaN(ms)) return `${name}: “${text}” is no time. Type ${example}.`;
  }
  return start < end ? "" : "The range must begin before it ends.";
}

/** stored is a time that was typed as it is kept: what does not move with the clock with its zone. */
const stored = (text: string, now: number) => (/^\s*now/i.test(text) ? text.replace(/\s+/g, "").toLowerCase() : new Date(parseTime(text, now)).toISOString());

export function TimeRange({ label, range, now, onChange }: Props) {
  const box = useRef<HTMLDetailsElement>(null);
  const [typed, setTyped] = useState(range);
  const [wrong, setWrong] = useState("");
  const reset = () => { setTyped({ from: typedTime(range.from), until: typedTime(range.until) }); setWrong(""); };
  useEffect(reset, [range.from, range.until]);
  const close = () => {
    if (!box.current) return;
    box.current.open = false;
    box.current.querySelector("summary")?.focus();
  };
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const problem = judge(typed, now);
    setWrong(problem);
    if (problem) return;
    onChange({ from: stored(typed.from, now), until: stored(typed.until, now) });
    close();
  };
  const length = parseTime(range.until, now) - parseTime(range.from, now);
  const move = (from: number, until: number) => onChange({ from: shifted(range.from, from, now), until: shifted(range.until, until, now) });
  return (
    <details class="range" ref={box} onKeyDown={(e) => { if (e.key === "Escape") close(); }} onToggle={() => { if (!box.current?.open) reset(); }}
      onFocusOut={(e) => { if (e.relatedTarget && !box.current!.contains(e.relatedTarget as Node)) box.current!.open = false; }}>
      <summary><span class="sr-only">{label}: </span>{rangeName(range)}</summary>
      <div class="popup">
        <ul>
          {quickRanges.map(([q, name]) => (
            <li key={q}><button type="button" aria-pressed={q === range.from && range.until === "now"} onClick={() => { onChange({ from: q, until: "now" }); close(); }}>{name}</button></li>
          ))}
        </ul>
        <form onSubmit={submit} noValidate>
          {(["from", "until"] as const).map((which) => (
            <TimeField key={which} name={which === "from" ? "From" : "Until"} value={typed[which]} now={now} onInput={(text) => setTyped({ ...typed, [which]: text })} />
          ))}
          {wrong ? <p role="alert">{wrong}</p> : <p class="quiet">{example}</p>}
          <button type="submit" class="primary">Apply</button>
          <div class="moves" role="group" aria-label="Move the range">
            <button type="button" onClick={() => move(-length, -length)}>Earlier</button>
            <button type="button" disabled={range.until === "now"} onClick={() => move(length, length)}>Later</button>
            <button type="button" onClick={() => move(-length, 0)}>Longer</button>
          </div>
        </form>
      </div>
    </details>
  );
}

/** TimeField is a time to type, with the browser's calendar beside it. */
function TimeField({ name, value, now, onInput }: { name: string; value: string; now: number; onInput: (text: string) => void }) {
  const calendar = useRef<HTMLInputElement>(null);
  const at = parseTime(value, now);
  return (
    <div class="time">
      <label>{name}<input type="text" value={value} autocomplete="off" spellcheck={false} onInput={(e) => onInput(e.currentTarget.value)} /></label>
      <button type="button" class="icon" aria-label={`Calendar: ${name === "From" ? "begin" : "end"}`} onClick={() => calendar.current!.showPicker()}>
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M3 2h2V1h1v1h4V1h1v1h2a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1zm0 4v8h10V6z" /></svg>
      </button>
      <input ref={calendar} class="calendar" type="datetime-local" step="1" tabIndex={-1} aria-hidden="true" value={Number.isNaN(at) ? "" : inputTime(at)}
        onInput={(e) => { if (e.currentTarget.value) onInput(e.currentTarget.value.replace("T", " ")); }} />
    </div>
  );
}
