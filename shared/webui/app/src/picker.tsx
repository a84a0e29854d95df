// One of many, by typing a part of its name: for hundreds of services.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { matching } from "./complete.ts";

interface Props {
  label: string;
  value: string;
  options: string[];
  onChange: (value: string) => void;
  /** Somebody is about to choose: the options should be what there is now. */
  onOpen: () => void;
}

/** How many are listed; who types more sees others. */
const most = 200;

export function Picker({ label, value, options, onChange, onOpen }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState<string>(); // undefined: closed
  const [active, setActive] = useState("");
  const open = typed !== undefined;
  const found = matching(options, typed ?? "");
  const shown = found.slice(0, most);
  const at = shown.indexOf(active);
  const show = () => {
    if (open) return;
    setTyped("");
    setActive(value);
    onOpen();
  };
  const close = () => setTyped(undefined);
  const choose = (option: string) => { close(); if (option !== value) onChange(option); };
  const type = (text: string) => {
    const now = !open && text.startsWith(value) ? text.slice(value.length) : text; // behind what was chosen
    setTyped(now);
    setActive(matching(options, now)[0] ?? "");
  };
  const move = (to: number) => setActive(shown[Math.max(0, Math.min(shown.length - 1, to))] ?? "");
  const onKeyDown = (e: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 };
    if (e.key in steps) {
      e.preventDefault();
      if (open) move(steps[e.key]!); else show();
    } else if (e.key === "Enter" && open) {
      e.preventDefault();
      const option = shown[at] ?? shown[0];
      if (option !== undefined) choose(option);
    } else if (e.key === "Escape" && open) {
      e.preventDefault();
      close();
    }
  };
  useEffect(() => { document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" }); }, [active, open]);
  return (
    <div class="picker">
      <label for={id}>{label}</label>
      <div class="combo">
        <input
          id={id} ref={input} type="text" value={typed || (open ? "" : value)} placeholder={open ? value : ""} title={value} disabled={options.length === 0} autocomplete="off" spellcheck={false}
          role="combobox" aria-expanded={open} aria-controls={`${id}-list`} aria-autocomplete="list" aria-activedescendant={open && at >= 0 ? `${id}-${at}` : undefined}
          onMouseDown={show} onInput={(e) => { if (!open) onOpen(); type(e.currentTarget.value); }}
          onFocus={(e) => e.currentTarget.select()} onBlur={close} onKeyDown={onKeyDown}
        />
        <div class="list" hidden={!open} onMouseDown={(e) => e.preventDefault()}>
          <ul id={`${id}-list`} role="listbox" aria-label={`${label}: choices`}>
            {open && shown.map((o, i) => (
              <li key={o} id={`${id}-${i}`} role="option" aria-selected={i === at} class={o === value ? "chosen" : ""} onClick={() => choose(o)}>{o}</li>
            ))}
          </ul>
          <p class="quiet" role="status">{open && count(found.length, options.length)}</p>
        </div>
      </div>
    </div>
  );
}

function count(found: number, all: number): string {
  if (found === 0) return "None has this in its name.";
  const beyond = found > most ? `, of which ${most} are listed` : "";
  return found === all ? `${all}${beyond}` : `${found} of ${all}${beyond}`;
}
