// Numbers as people read them.

/** Units that are parts or multiples of those that are shown. */
const factors: Record<string, [number, string]> = {
  microseconds: [1e3, "nanoseconds"], milliseconds: [1e6, "nanoseconds"], seconds: [1e9, "nanoseconds"],
  kilobytes: [2 ** 10, "bytes"], megabytes: [2 ** 20, "bytes"], byte: [1, "bytes"],
};

const time: [number, string][] = [[86400e9, "d"], [3600e9, "h"], [60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
const bytes: [number, string][] = [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];
const plain: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];

/** amount is a value of a unit of profiles: nanoseconds, bytes, count, and others. */
export function amount(of: number, as: string): string {
  const [factor, unit] = factors[as] ?? [1, as];
  const value = of * factor;
  const steps = unit === "nanoseconds" ? time : unit === "bytes" ? bytes : plain;
  if (value === 0) return unit === "nanoseconds" ? "0 s" : unit === "bytes" ? "0 B" : "0";
  const size = Math.abs(value);
  const [step, name] = steps.find(([s]) => size >= s) ?? steps.at(-1)!;
  return digits(value / step) + (name && " " + name);
}

function digits(n: number): string {
  const size = Math.abs(n);
  return n.toFixed(size >= 100 || Number.isInteger(n) ? 0 : size >= 10 ? 1 : 2);
}

/** share is a fraction in percent. */
export function share(fraction: number): string {
  if (!Number.isFinite(fraction)) return "–";
  const percent = fraction * 100;
  return (Math.abs(percent) >= 99.95 || percent === 0 ? percent.toFixed(0) : percent.toFixed(Math.abs(percent) < 0.1 ? 2 : 1)) + " %";
}

/** change is a difference of two fractions, in percentage points. */
export function change(fraction: number): string {
  const points = fraction * 100;
  const text = Math.abs(points) < 0.1 && points !== 0 ? points.toFixed(2) : points.toFixed(1);
  return (points > 0 ? "+" : "") + text.replace("-", "−") + " pp";
}

/** A profile type id, taken apart. */
export interface TypeName { kind: string; sample: string; unit: string; label: string }

const kinds: Record<string, string> = {
  process_cpu: "CPU", memory: "Memory", goroutine: "Goroutines", goroutines: "Goroutines", mutex: "Mutex", block: "Blocking", wall: "Wall clock",
};

/** isLevel reports whether values say how much there was at a time, such as goroutines: adding them up over time means nothing. */
export const isLevel = (id: string) => /^(goroutines?:|memory:inuse_|memory:live)/.test(id);

/** isWork reports whether a type says where time goes. */
export const isWork = (id: string) => id.includes(":cpu:") || id.startsWith("wall:");

/** What is shown first, if there is such a type. */
const usual = [(id: string) => id.startsWith("process_cpu:cpu:"), (id: string) => id.includes(":cpu:"), isWork, (id: string) => id.includes(":inuse_space:"), (id: string) => /^goroutines?:/.test(id)];

/** typeOf is the type to show: the chosen one, or the most usual if it is not there. */
export function typeOf(chosen: string, types: string[]): string {
  if (types.includes(chosen)) return chosen;
  const found = usual.map((is) => types.find(is)).find((t) => t !== undefined);
  return found ?? types[0] ?? chosen;
}

/** typeName reads name:sample:unit:period:unit. */
export function typeName(id: string): TypeName {
  const [name = "", sample = "", unit = ""] = id.split(":");
  return { kind: kinds[name] ?? name, sample, unit, label: `${kinds[name] ?? name} · ${sample.replaceAll("_", " ")}` };
}
