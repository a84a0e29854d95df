// Colours: of series those of Okabe and Ito, which people who are colour-blind
// can tell apart; of changes blue for less and orange for more, likewise.

export const seriesColors = ["#2e86c8", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8f7f00", "#7d7d7d"];

/** frameColor is a warm colour that all functions of a package share. */
export function frameColor(name: string): string {
  let hash = 0;
  for (const c of packageOf(name)) hash = (hash * 31 + c.charCodeAt(0)) >>> 0;
  const hue = 12 + hash % 38; // red to yellow
  return `hsl(${hue} ${78 + (hash >>> 8) % 14}% ${64 + (hash >>> 16) % 13}%)`;
}

/** split divides a name into the path of its package and the rest: "net/", "http.(*conn).serve". */
export function split(name: string): [string, string] {
  // What is in brackets may have slashes, too, and Java's lambdas have one before their address.
  const end = name.search(/[([<]|\/0x/);
  const slash = name.lastIndexOf("/", end < 0 ? name.length : end - 1);
  return [name.slice(0, slash + 1), name.slice(slash + 1)];
}

/** packageOf is the part of a name that says where a function belongs. */
export function packageOf(name: string): string {
  const slash = name.lastIndexOf("/");
  const dot = name.indexOf(".", slash + 1);
  return dot > 0 ? name.slice(0, dot) : name.split("::")[0]!;
}

/** Colours of the sides of a comparison. */
export const lessColor = "#56a0d3";
export const moreColor = "#f08c2d";

const less = [86, 160, 211];
const same = [226, 226, 222];
const more = [240, 140, 45];

/** changeColor goes from -1, only on the left, to 1, only on the right. */
export function changeColor(change: number): string {
  const to = change < 0 ? less : more;
  const weight = Math.min(1, Math.sqrt(Math.abs(change)));
  return `rgb(${same.map((c, i) => Math.round(c + (to[i]! - c) * weight)).join(" ")})`;
}

/** changeOf compares two shares: -1 to 1, 0 if they are the same. */
export function changeOf(left: number, right: number): number {
  return left + right === 0 ? 0 : (right - left) / (right + left);
}
