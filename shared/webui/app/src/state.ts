// What the page shows is in its URL, so that a link shows the same to others
// and the browser's "back" works.

import type { Typed } from "./time.ts";

/** One side of a comparison, or all there is without one. Its times are "now-1h" or ISO times. */
export interface Side extends Typed {
  /** Matchers without braces, such as `pod="a", region=~"eu.*"`. */
  filter: string;
}

export type View = "both" | "flame" | "table";

export interface State {
  service: string;
  /** Profile type id, name:sample:unit:period:unit. */
  type: string;
  /** Label by whose values the timeline is divided, or "". */
  group: string;
  view: View;
  /** Function whose callers and callees are shown, or "". */
  fn: string;
  search: string;
  /** Whether calls of a function by itself are shown as one. */
  collapse: boolean;
  /** Seconds after which is asked again, or 0. */
  every: number;
  compare: boolean;
  /** What the timelines of a comparison show; without one, or if empty, what its sides do. */
  over: Typed;
  a: Side;
  b: Side;
}

export const defaultRange = { from: "now-1h", until: "now" };

/** In how many seconds one can have it ask again. */
export const intervals = [0, 5, 15, 60];

export function parseState(query: string): State {
  const p = new URLSearchParams(query);
  const text = (name: string, otherwise = "") => p.get(name) ?? otherwise;
  const a = { filter: text("filter"), from: text("from", defaultRange.from), until: text("until", defaultRange.until) };
  const view = text("view");
  return {
    service: text("service"), type: text("type"), group: text("group"), fn: text("fn"), search: text("search"),
    view: view === "flame" || view === "table" ? view : "both",
    collapse: p.has("collapse"),
    every: intervals.find((n) => `${n}s` === text("refresh")) ?? 0,
    compare: p.has("compare"),
    over: { from: text("over"), until: text("overuntil", text("over") && "now") },
    a,
    b: { filter: text("filter2", a.filter), from: text("from2", a.from), until: text("until2", a.until) },
  };
}

/** formatState is the query of the URL of a state; what is as always is left out. */
export function formatState(s: State): string {
  const p = new URLSearchParams();
  const put = (name: string, value: string, usual = "") => { if (value !== usual) p.set(name, value); };
  put("service", s.service);
  put("type", s.type);
  put("filter", s.a.filter);
  put("from", s.a.from, defaultRange.from);
  put("until", s.a.until, defaultRange.until);
  put("group", s.group);
  put("view", s.view, "both");
  put("fn", s.fn);
  put("search", s.search);
  if (s.collapse) p.set("collapse", "1");
  if (s.every) p.set("refresh", `${s.every}s`);
  if (s.compare) {
    p.set("compare", "1");
    put("filter2", s.b.filter, s.a.filter);
    put("from2", s.b.from, s.a.from);
    put("until2", s.b.until, s.a.until);
    put("over", s.over.from);
    put("overuntil", s.over.until, s.over.from && "now");
  }
  const out = p.toString();
  return out && "?" + out;
}

/** selectorOf is the label selector of one side. */
export function selectorOf(service: string, filter: string): string {
  const first = service ? `service_name=${JSON.stringify(service)}` : "";
  return "{" + [first, filter.trim().replace(/^,|,$/g, "")].filter(Boolean).join(", ") + "}";
}
