// What could be typed next into a label selector.

/** Where the cursor is: in a label's name, or in the value of one. */
export interface Spot { label: string | undefined; typed: string; from: number; to: number }

/** spotAt finds out what is being typed at the cursor. */
export function spotAt(text: string, cursor: number): Spot {
  let start = 0;
  let quoted = false;
  for (let i = 0; i < cursor; i++) {
    if (text[i] === "\\" && quoted) i++;
    else if (text[i] === '"') quoted = !quoted;
    else if (text[i] === "," && !quoted) start = i + 1;
  }
  const part = text.slice(start, cursor);
  const matcher = /^\s*([\w.-]+)\s*(=~|!~|!=|=)\s*"?((?:[^"\\]|\\.)*)$/.exec(part);
  if (matcher) {
    const typed = matcher[3]!;
    const tail = /^[^,"]*"?/.exec(text.slice(cursor))![0];
    const opening = part.length - typed.length - (part[part.length - typed.length - 1] === '"' ? 1 : 0);
    return { label: matcher[1]!, typed, from: start + opening, to: cursor + tail.length };
  }
  const typed = part.trimStart();
  const tail = /^[\w.-]*/.exec(text.slice(cursor))![0];
  return { label: undefined, typed, from: cursor - typed.length, to: cursor + tail.length };
}

/** put replaces what is being typed, and says where the cursor goes. */
export function put(text: string, spot: Spot, chosen: string): { text: string; cursor: number } {
  const word = spot.label === undefined ? chosen + "=" : JSON.stringify(chosen);
  const out = text.slice(0, spot.from) + word;
  return { text: out + text.slice(spot.to), cursor: out.length };
}

/** without is the selector's text without the matcher at the cursor, whose values are looked for. */
export function without(text: string, spot: Spot): string {
  const before = text.slice(0, spot.from).replace(/,?[^,]*$/, "");
  const after = text.slice(spot.to).replace(/^[^,]*,?/, "");
  return [before.trim(), after.trim()].filter(Boolean).join(", ");
}

/** fitting are the options that go with what was typed, best first. */
export function fitting(options: string[], typed: string): string[] {
  const t = typed.toLowerCase();
  const found = options.filter((o) => o.toLowerCase().includes(t) && o !== typed);
  return [...found.filter((o) => o.toLowerCase().startsWith(t)), ...found.filter((o) => !o.toLowerCase().startsWith(t))].slice(0, 50);
}

/** matching are the options that have all words that were typed, those that begin with them first. */
export function matching(options: string[], typed: string): string[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = options.filter((o) => words.every((w) => o.toLowerCase().includes(w)));
  const first = (o: string) => words.length > 0 && o.toLowerCase().startsWith(words[0]!);
  return [...found.filter(first), ...found.filter((o) => !first(o))];
}

/** withMatcher is a selector's text in which a label has a value, whatever it was to have before. */
export function withMatcher(text: string, label: string, value: string): string {
  const parts = text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  const others = parts.map((p) => p.trim()).filter((p) => p && /^[\w.-]*/.exec(p)![0] !== label);
  return [...others, `${label}=${JSON.stringify(value)}`].join(", ");
}
