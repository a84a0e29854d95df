// The label selector: a line of matchers with completion.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { labelNames, labelValues, type Query } from "./api.ts";
import { fitting, put, spotAt, without } from "./complete.ts";
import { selectorOf } from "./state.ts";

interface Props {
  label: string;
  value: string;
  service: string;
  /** What is completed from: its selector is that of the service. */
  query: Query;
  onChange: (value: string) => void;
}

export function Filter({ label, value, service, query, onChange }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [open, setOpen] = useState(false);
  const [{ options, active }, setList] = useState({ options: [] as string[], active: -1 });
  const asked = useRef<AbortController>();
  useEffect(() => setText(value), [value]);
  useEffect(() => () => asked.current?.abort(), []);

  const suggest = async (now: string) => {
    asked.current?.abort();
    const controller = asked.current = new AbortController();
    const spot = spotAt(now, input.current?.selectionStart ?? now.length);
    try {
      const scope = { ...query, selector: selectorOf(service, spot.label ? without(now, spot) : "") };
      const all = await (spot.label ? labelValues(spot.label, scope, controller.signal) : labelNames(scope, controller.signal));
      if (controller.signal.aborted) return;
      const found = fitting(all, spot.typed.trim());
      // A list that comes late must not move what the user is about to take.
      setList((before) => ({ options: found, active: found.indexOf(before.options[before.active] ?? "") }));
      setOpen(found.length > 0);
    } catch {
      if (!controller.signal.aborted) setOpen(false); // completion is a convenience: the query will say what is wrong
    }
  };
  const choose = (option: string) => {
    const spot = spotAt(text, input.current!.selectionStart ?? text.length);
    const done = put(text, spot, option);
    setText(done.text);
    setOpen(false);
    setList({ options: [], active: -1 });
    requestAnimationFrame(() => {
      input.current!.setSelectionRange(done.cursor, done.cursor);
      if (spot.label === undefined) void suggest(done.text);
    });
    if (spot.label !== undefined) onChange(done.text);
  };
  const commit = () => { asked.current?.abort(); setOpen(false); if (text !== value) onChange(text.trim()); };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (!open) return void suggest(text);
      const step = e.key === "ArrowDown" ? 1 : -1;
      setList({ options, active: (active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length });
    } else if (e.key === "Enter") {
      e.preventDefault();
      if (open && active >= 0) choose(options[active]!); else commit();
    } else if (e.key === "Escape" && open) {
      e.preventDefault();
      setOpen(false);
    }
  };
  useEffect(() => { document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" }); }, [active]);
  return (
    <div class="filter">
      <label for={id}>{label}</label>
      <div class="combo">
        <input
          id={id} ref={input} type="text" value={text} placeholder={'pod="…", region=~"eu.*"'} autocomplete="off" spellcheck={false}
          role="combobox" aria-expanded={open} aria-controls={`${id}-list`} aria-autocomplete="list"
          aria-activedescendant={open && active >= 0 ? `${id}-${active}` : undefined}
          onInput={(e) => { setText(e.currentTarget.value); void suggest(e.currentTarget.value); }}
          onFocus={() => void suggest(text)} onBlur={commit} onKeyDown={onKeyDown}
        />
        {text && <button type="button" class="clear" aria-label={`Clear ${label.toLowerCase()}`} onClick={() => { setText(""); onChange(""); }}>×</button>}
        <ul id={`${id}-list`} role="listbox" aria-label="Completions" hidden={!open}>
          {options.map((o, i) => (
            <li key={o} id={`${id}-${i}`} role="option" aria-selected={i === active} onMouseDown={(e) => { e.preventDefault(); choose(o); }}>{o}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}
