// Times as people type them: "now", "now-90m", or 2026-01-31T12:00.

const units: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

export const quickRanges: [string, string][] = [
  ["now-5m", "Last 5 minutes"], ["now-15m", "Last 15 minutes"], ["now-1h", "Last hour"], ["now-3h", "Last 3 hours"],
  ["now-12h", "Last 12 hours"], ["now-1d", "Last 24 hours"], ["now-7d", "Last 7 days"], ["now-30d", "Last 30 days"],
];

/** parseTime returns milliseconds since 1970, or NaN. */
export function parseTime(text: string, now: number): number {
  const t = text.trim();
  if (t === "now") return now;
  const ago = /^now-(\d+)([smhdw])$/.exec(t);
  if (ago) return now - Number(ago[1]) * units[ago[2]!]!;
  if (/^\d{12,14}$/.test(t)) return Number(t);
  return Date.parse(t);
}

/** inputTime is a time as an input of type datetime-local has it. */
export function inputTime(ms: number): string {
  const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60e3);
  return d.toISOString().slice(0, 19);
}

/** rangeName says in words which range it is. */
export function rangeName(from: string, until: string): string {
  const quick = until === "now" && quickRanges.find(([q]) => q === from);
  if (quick) return quick[1];
  return `${clock(from)} – ${clock(until)}`;
}

function clock(text: string): string {
  const ms = text.startsWith("now") ? NaN : parseTime(text, 0);
  if (Number.isNaN(ms)) return text;
  return new Date(ms).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
