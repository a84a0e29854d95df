// The range of time: quick ones, and absolute ones.
import { useRef, useState } from "preact/hooks";
import { inputTime, parseTime, quickRanges, rangeName } from "./time.ts";

interface Props { label: string; from: string; until: string; now: number; onChange: (from: string, until: string) => void }

export function TimeRange({ label, from, until, now, onChange }: Props) {
  const box = useRef<HTMLDetailsElement>(null);
  const [wrong, setWrong] = useState("");
  const close = () => {
    if (!box.current) return;
    box.current.open = false;
    box.current.querySelector("summary")?.focus();
  };
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const data = new FormData(e.currentTarget as HTMLFormElement);
    const [f, u] = [new Date(String(data.get("from"))), new Date(String(data.get("until")))];
    if (!(f < u)) return setWrong("The range must begin before it ends.");
    setWrong("");
    onChange(f.toISOString(), u.toISOString());
    close();
  };
  return (
    <details class="range" ref={box} onKeyDown={(e) => { if (e.key === "Escape") close(); }}
      onFocusOut={(e) => { if (e.relatedTarget && !box.current!.contains(e.relatedTarget as Node)) box.current!.open = false; }}>
      <summary><span class="sr-only">{label}: </span>{rangeName(from, until)}</summary>
      <div class="popup">
        <ul>
          {quickRanges.map(([q, name]) => (
            <li key={q}><button type="button" aria-pressed={q === from && until === "now"} onClick={() => { onChange(q, "now"); close(); }}>{name}</button></li>
          ))}
        </ul>
        <form onSubmit={submit}>
          <label>From<input key={from + now} name="from" type="datetime-local" step="1" required defaultValue={inputTime(parseTime(from, now))} /></label>
          <label>Until<input key={until + now} name="until" type="datetime-local" step="1" required defaultValue={inputTime(parseTime(until, now))} /></label>
          {wrong && <p role="alert">{wrong}</p>}
          <button type="submit">Apply</button>
        </form>
      </div>
    </details>
  );
}
