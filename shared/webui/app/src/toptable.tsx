// Functions by what they account for: also the flame graph for those who
// cannot see it.
import { useMemo, useState } from "preact/hooks";
import { changeColor, changeOf, split } from "./colors.ts";
import { amount, change, share } from "./format.ts";
import { rows, type Graph, type Row } from "./tree.ts";

interface Props { graph: Graph; unit: string; search: string; onPick: (name: string) => void }

interface Column { name: string; value: (r: Row, g: Graph) => number; show: (r: Row, g: Graph, unit: string) => string }

const relative = (part: number, whole: number) => part / (whole || 1);
const single: Column[] = [
  { name: "Self", value: (r) => r.selfLeft, show: (r, g, u) => `${amount(r.selfLeft, u)}|${share(r.selfLeft / g.left)}` },
  { name: "Total", value: (r) => r.left, show: (r, g, u) => `${amount(r.left, u)}|${share(r.left / g.left)}` },
];
const double: Column[] = [
  { name: "Baseline", value: (r, g) => relative(r.left, g.left), show: (r, g) => share(relative(r.left, g.left)) },
  { name: "Comparison", value: (r, g) => relative(r.right, g.right), show: (r, g) => share(relative(r.right, g.right)) },
  { name: "Change", value: (r, g) => relative(r.right, g.right) - relative(r.left, g.left), show: (r, g) => change(relative(r.right, g.right) - relative(r.left, g.left)) },
];

const firstRows = 100;

export function TopTable({ graph, unit, search, onPick }: Props) {
  const columns = graph.compared ? double : single;
  const [sort, setSort] = useState({ column: graph.compared ? "Change" : "Self", down: true });
  const [all, setAll] = useState(false);
  const by = columns.find((c) => c.name === sort.column);
  const sums = useMemo(() => rows(graph), [graph]);
  const sorted = useMemo(() => {
    const term = search.toLowerCase();
    // Changes are sorted by size: what shrank is as interesting as what grew.
    const key = (r: Row) => (by?.name === "Change" ? Math.abs(by.value(r, graph)) : by!.value(r, graph));
    return sums.filter((r) => r.name.toLowerCase().includes(term)).sort((x, y) => {
      const order = by ? key(y) - key(x) || (x.name < y.name ? -1 : 1) : (x.name < y.name ? -1 : 1);
      return sort.down ? order : -order;
    });
  }, [sums, search, sort, graph]);
  const shown = all ? sorted : sorted.slice(0, firstRows);
  const heads = ["Function", ...columns.map((c) => c.name)];
  return (
    <div class="table-box">
      <table class={graph.compared ? "top compared" : "top"}>
        <caption class="sr-only">Functions by what they account for</caption>
        <thead><tr>
          {heads.map((name) => (
            <th key={name} scope="col" aria-sort={sort.column !== name ? "none" : sort.down === (name !== "Function") ? "descending" : "ascending"}>
              <button type="button" onClick={() => setSort({ column: name, down: sort.column === name ? !sort.down : true })}>
                {name}<span aria-hidden="true" class="arrow">{sort.column === name ? (sort.down === (name !== "Function") ? "▼" : "▲") : ""}</span>
              </button>
            </th>
          ))}
        </tr></thead>
        <tbody>
          {shown.map((r) => (
            <tr key={r.name}>
              <th scope="row"><button type="button" class="name" aria-label={r.name} title={`${r.name}\nShow callers and callees`} onClick={() => onPick(r.name)}><span class="path">{split(r.name)[0]}</span><span class="own">{split(r.name)[1]}</span></button></th>
              {columns.map((c) => {
                const [main, extra] = c.show(r, graph, unit).split("|");
                return <td key={c.name}>{c.name === "Change" && <Mark row={r} graph={graph} />}{main}{extra && <span class="extra">{extra}</span>}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length === 0 && <p class="quiet pad">No function's name contains “{search}”.</p>}
      {sorted.length > shown.length && <button type="button" class="more" onClick={() => setAll(true)}>Show all {sorted.length} functions</button>}
    </div>
  );
}

function Mark({ row, graph }: { row: Row; graph: Graph }) {
  const color = changeColor(changeOf(relative(row.left, graph.left), relative(row.right, graph.right)));
  return <svg class="mark" width="10" height="10" aria-hidden="true"><rect width="10" height="10" rx="2" fill={color} /></svg>;
}
