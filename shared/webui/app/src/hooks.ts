// Hooks that several components need.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { formatState, parseState, type State } from "./state.ts";
import { Failure } from "./api.ts";

/** Change sets some of the state. A step is something that "back" takes back. */
export type Change = (part: Partial<State>, step?: boolean) => void;

/** useUrlState keeps the state in the URL. */
export function useUrlState(): [State, Change] {
  const [state, set] = useState(() => parseState(location.search));
  const now = useRef(state);
  useEffect(() => {
    const back = () => set(now.current = parseState(location.search));
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const change = useCallback<Change>((part, step = true) => {
    now.current = { ...now.current, ...part };
    const url = location.pathname + formatState(now.current);
    if (url !== location.pathname + location.search) history[step ? "pushState" : "replaceState"](null, "", url);
    set(now.current);
  }, []);
  return [state, change];
}

/** What became of a question. */
export interface Asked<T> {
  /** The last answer; stays while the next is awaited. */
  answer?: T;
  failure?: Failure;
  /** When it was asked, in ms of performance.now, while no answer has come. */
  since?: number;
  cancel: () => void;
}

/** useAsked asks again whenever the key changes, and stops what is not wanted any more. "" is no question. */
export function useAsked<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Asked<T> {
  const [state, set] = useState<Omit<Asked<T>, "cancel">>({});
  const controller = useRef<AbortController>();
  useEffect(() => {
    if (!key) return set({});
    const mine = controller.current = new AbortController();
    set((before) => ({ answer: before.answer, since: performance.now() }));
    ask(mine.signal).then(
      (answer) => { if (!mine.signal.aborted) set({ answer }); },
      (e) => {
        if (mine.signal.aborted) return;
        set({ failure: e instanceof Failure ? e : new Failure(String(e?.message ?? e), 0) });
      });
    return () => mine.abort();
  }, [key]);
  const cancel = useCallback(() => {
    controller.current?.abort();
    set((before) => (before.since === undefined ? before : { answer: before.answer, failure: new Failure("The query was stopped.", 0, "canceled") }));
  }, []);
  return { ...state, cancel };
}

/** useEvery calls back after each so many seconds, unless nobody looks or somebody is dragging. */
export function useEvery(seconds: number, callback: () => void): void {
  const latest = useRef(callback);
  latest.current = callback;
  useEffect(() => {
    if (!seconds) return;
    let pressed = false;
    const pointer = (e: PointerEvent) => { pressed = e.buttons !== 0; };
    const kinds = ["pointerdown", "pointerup", "pointercancel"] as const;
    for (const kind of kinds) addEventListener(kind, pointer, true);
    const timer = setInterval(() => { if (document.visibilityState === "visible" && !pressed) latest.current(); }, seconds * 1000);
    return () => {
      clearInterval(timer);
      for (const kind of kinds) removeEventListener(kind, pointer, true);
    };
  }, [seconds]);
}

/** useWidth measures an element. */
export function useWidth<E extends HTMLElement>(): [{ current: E | null }, number] {
  const ref = useRef<E>(null);
  const [width, set] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => set(Math.floor(entry!.contentRect.width)));
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

export type Theme = "auto" | "light" | "dark";

/** useTheme is the chosen theme, and the one that is shown. */
export function useTheme(): [Theme, "light" | "dark", (t: Theme) => void] {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const [theme, set] = useState<Theme>(() => (localStorage.getItem("pyrocumulus.theme") as Theme) ?? "auto");
  const [system, setSystem] = useState(media.matches);
  useEffect(() => {
    const changed = (e: MediaQueryListEvent) => setSystem(e.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, []);
  const shown = theme === "auto" ? (system ? "dark" : "light") : theme;
  useEffect(() => { document.documentElement.dataset["theme"] = shown; }, [shown]);
  return [theme, shown, (t) => { localStorage.setItem("pyrocumulus.theme", t); set(t); }];
}
