// Times as people type them: "now", "now-90m", "now-1d12h", or 2026-01-31 12:00.

const units: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

export const quickRanges: [string, string][] = [
  ["now-5m", "Last 5 minutes"], ["now-15m", "Last 15 minutes"], ["now-1h", "Last hour"], ["now-3h", "Last 3 hours"],
  ["now-12h", "Last 12 hours"], ["now-1d", "Last 24 hours"], ["now-7d", "Last 7 days"], ["now-30d", "Last 30 days"],
];

/** A range of time as typed. */
export interface Typed { from: string; until: string }

/** A range of time in milliseconds since 1970. */
export interface Range { start: number; end: number }

/** agoOf is how long before now a time is that is said so, or undefined. */
function agoOf(text: string): number | undefined {
  const t = text.replace(/\s+/g, "").toLowerCase();
  if (t === "now") return 0;
  if (!/^now-(\d+[smhdw])+$/.test(t)) return undefined;
  return [...t.matchAll(/(\d+)([smhdw])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0);
}

/** isRelative reports whether a time moves with the clock. */
export const isRelative = (text: string) => agoOf(text) !== undefined;

/** parseTime returns milliseconds since 1970, or NaN. What names no zone is local. */
export function parseTime(text: string, now: number): number {
  const ago = agoOf(text);
  if (ago !== undefined) return now - ago;
  const t = text.trim();
  if (/^\d{12,14}$/.test(t)) return Number(t);
  if (/^\d{4}-\d\d-\d\d$/.test(t)) return Date.parse(t + "T00:00");
  return /^\d{4}-\d\d-\d\d[T ]\d\d?:\d\d/.test(t) ? Date.parse(t.replace(" ", "T")) : NaN;
}

export const rangeOf = (r: Typed, now: number): Range => ({ start: parseTime(r.from, now), end: parseTime(r.until, now) });

/** agoText says how long before now: "now-90m". */
export function agoText(ms: number): string {
  const seconds = Math.round(ms / 1000) * 1000;
  if (seconds <= 0) return "now";
  const [unit, size] = Object.entries(units).reverse().find(([, size]) => seconds % size === 0)!;
  return `now-${seconds / size}${unit}`;
}

/** shifted is a time so many ms later (or earlier, below 0), that moves with the clock if the other does. */
export function shifted(text: string, by: number, now: number): string {
  const ago = agoOf(text);
  if (ago !== undefined && by <= ago) return agoText(ago - by);
  return new Date(parseTime(text, now) + by).toISOString();
}

/** inputTime is a local time as an input of type datetime-local has it. */
export function inputTime(ms: number): string {
  const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60e3);
  return d.toISOString().slice(0, 19);
}

/** typedTime is a time as one would type it. */
export function typedTime(text: string): string {
  const ms = isRelative(text) ? NaN : parseTime(text, 0);
  return Number.isNaN(ms) ? text : inputTime(ms).replace("T", " ");
}

const names: Record<string, string> = { s: "seconds", m: "minutes", h: "hours", d: "days", w: "weeks" };

/** rangeName says in words which range it is. */
export function rangeName({ from, until }: Typed): string {
  const quick = until === "now" && quickRanges.find(([q]) => q === from);
  if (quick) return quick[1];
  const last = until === "now" && /^now-(\d+)([smhdw])$/.exec(from);
  if (last) return `Last ${last[1]} ${names[last[2]!]}`;
  return `${clock(from)} – ${clock(until)}`;
}

function clock(text: string): string {
  const ms = isRelative(text) ? NaN : parseTime(text, 0);
  if (Number.isNaN(ms)) return text;
  const year = new Date(ms).getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" as const };
  return new Date(ms).toLocaleString(undefined, { ...year, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
