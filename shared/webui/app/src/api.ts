// The server's API: Connect with JSON.
import { mergeProfileRequest } from "./protobuf.ts";

/** What the user signed in with; of this tab only. */
export interface Credentials { token: string; user: string; password: string; tenant: string }

const storeKey = "pyrocumulus.credentials";
export const nobody: Credentials = { token: "", user: "", password: "", tenant: "" };

export function credentials(): Credentials {
  try {
    return { ...nobody, ...JSON.parse(sessionStorage.getItem(storeKey) ?? "{}") };
  } catch {
    return nobody;
  }
}

export function signIn(c: Credentials): void {
  sessionStorage.setItem(storeKey, JSON.stringify(c));
}

function headers(): Record<string, string> {
  const c = credentials();
  const out: Record<string, string> = {};
  if (c.token) out["Authorization"] = "Bearer " + c.token;
  else if (c.user || c.password) {
    const utf8 = String.fromCharCode(...new TextEncoder().encode(`${c.user}:${c.password}`));
    out["Authorization"] = "Basic " + btoa(utf8);
  }
  if (c.tenant) out["X-Scope-OrgID"] = c.tenant;
  return out;
}

/** Failure is an answer that is none, in the server's words. */
export class Failure extends Error {
  constructor(message: string, readonly status: number, readonly code = "") { super(message); }
  get needsSignIn(): boolean { return this.status === 401 || this.status === 403; }
}

/** What an answer cost, as its headers say. */
export interface Cost { blocks: number; bytes: number; workers: number; partial: string; trimmed: string; ms: number }

const querier = "querier.v1.QuerierService/";

async function post(path: string, type: string, body: BodyInit, signal?: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    // Without redirects: a login page would be taken for an answer.
    answer = await fetch(path, { method: "POST", headers: { ...headers(), "Content-Type": type }, body, signal, redirect: "error" });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Failure("The server cannot be reached.", 0);
  }
  if (answer.ok) return answer;
  const said = await answer.text();
  try {
    const { message, code } = JSON.parse(said);
    throw new Failure(message || `The server answered ${answer.status}.`, answer.status, code);
  } catch (e) {
    if (e instanceof Failure) throw e;
    throw new Failure(said.slice(0, 300) || `The server answered ${answer.status} ${answer.statusText}.`, answer.status);
  }
}

/** call asks the querier. */
export async function call<T>(method: string, request: object, signal?: AbortSignal): Promise<{ answer: T; cost: Cost }> {
  const begin = performance.now();
  const response = await post(querier + method, "application/json", JSON.stringify(request), signal);
  const answer = await response.json() as T;
  const number = (name: string) => Number(response.headers.get("X-Pyrocumulus-" + name) ?? 0);
  return {
    answer,
    cost: {
      blocks: number("Blocks"), bytes: number("Bytes"), workers: number("Workers"), ms: performance.now() - begin,
      partial: response.headers.get("X-Pyrocumulus-Partial") ?? "", trimmed: response.headers.get("X-Pyrocumulus-Trimmed-From") ?? "",
    },
  };
}

/** A query of stack traces. */
export interface Query { type: string; selector: string; start: number; end: number }

export const stackRequest = (q: Query) => ({ profileTypeID: q.type, labelSelector: q.selector, start: q.start, end: q.end });

/** pprofOf is the sum of the profiles as a gzipped pprof. */
export async function pprofOf(q: Query): Promise<Blob> {
  const answer = await post(querier + "SelectMergeProfile", "application/proto", mergeProfileRequest(q.type, q.selector, q.start, q.end));
  return new Response(answer.body!.pipeThrough(new CompressionStream("gzip"))).blob();
}

/** pairs are the services and their profile types. */
export async function servicesAndTypes(start: number, end: number, signal?: AbortSignal): Promise<Map<string, string[]>> {
  type Answer = { labelsSet?: { labels?: { name: string; value: string }[] }[] };
  const { answer } = await call<Answer>("Series", { matchers: [], labelNames: ["service_name", "__profile_type__"], start, end }, signal);
  const out = new Map<string, string[]>();
  for (const { labels = [] } of answer.labelsSet ?? []) {
    const value = (name: string) => labels.find((l) => l.name === name)?.value ?? "";
    const types = out.get(value("service_name")) ?? [];
    out.set(value("service_name"), [...types, value("__profile_type__")].sort());
  }
  return new Map([...out].sort(([x], [y]) => (x < y ? -1 : 1)));
}

export async function labelNames(q: Query, signal?: AbortSignal): Promise<string[]> {
  const { answer } = await call<{ names?: string[] }>("LabelNames", { matchers: [q.selector], start: q.start, end: q.end }, signal);
  return (answer.names ?? []).filter((n) => !/^__.*__$/.test(n) && n !== "service_name");
}

export async function labelValues(name: string, q: Query, signal?: AbortSignal): Promise<string[]> {
  const { answer } = await call<{ names?: string[] }>("LabelValues", { name, matchers: [q.selector], start: q.start, end: q.end }, signal);
  return answer.names ?? [];
}

/** Values over time. */
export interface Series { name: string; value?: string; points: { at: number; value: number }[] }

export async function timeline(q: Query, group: string, step: number, average: boolean, signal?: AbortSignal): Promise<Series[]> {
  type Answer = { series?: { labels?: { name: string; value: string }[]; points?: { timestamp?: string; value?: number }[] }[] };
  const { answer } = await call<Answer>("SelectSeries", { ...stackRequest(q), groupBy: group ? [group] : [], step, aggregation: `TIME_SERIES_AGGREGATION_TYPE_${average ? "AVERAGE" : "SUM"}` }, signal);
  return (answer.series ?? []).map(({ labels = [], points = [] }) => ({
    value: labels.find((l) => l.name === group)?.value || undefined,
    name: labels.find((l) => l.name === group)?.value || (group ? `(no ${group})` : "all"),
    points: points.map((p) => ({ at: Number(p.timestamp ?? 0) / 1000, value: p.value ?? 0 })),
  }));
}
