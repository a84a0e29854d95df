// Flame graphs as trees: read from the wire, summed up by function, and turned
// around to a function's callers and callees.

/** A frame of a flame graph. Without a comparison, right and selfRight are 0. */
export interface Frame {
  name: string;
  /** Width: the total; in a comparison the mean of both shares. */
  value: number;
  left: number;
  selfLeft: number;
  right: number;
  selfRight: number;
  children: Frame[];
}

/** A flame graph with the totals of its sides. */
export interface Graph { root: Frame; left: number; right: number; compared: boolean }

interface Wire { names?: string[]; levels?: { values?: (string | number)[] }[]; leftTicks?: string; rightTicks?: string; total?: string }

function frame(name: string, left: number, selfLeft: number, right = 0, selfRight = 0): Frame {
  return { name, value: left, left, selfLeft, right, selfRight, children: [] };
}

/** readGraph reads querier.v1.FlameGraph, or undefined if it is empty. */
export function readGraph(wire: Wire | undefined): Graph | undefined {
  // offset from the end of the frame before, total, self, name
  const root = readLevels(wire, 4, (v, name) => frame(name, v[1]!, v[2]!));
  return root && root.left > 0 ? { root, left: root.left, right: 0, compared: false } : undefined;
}

/** readDiff reads querier.v1.FlameGraphDiff, or undefined if both sides are empty. */
export function readDiff(wire: Wire | undefined): Graph | undefined {
  // For each side: offset, total, self; then the name.
  const root = readLevels(wire, 7, (v, name) => frame(name, v[1]!, v[2]!, v[4]!, v[5]!));
  if (!root || root.left + root.right === 0) return undefined;
  const graph = { root, left: root.left, right: root.right, compared: true };
  weigh(root, graph);
  return graph;
}

/** weigh makes widths of the shares of both sides. */
function weigh(f: Frame, g: Graph): void {
  f.value = (f.left / (g.left || 1) + f.right / (g.right || 1)) / 2;
  for (const c of f.children) weigh(c, g);
}

function readLevels(wire: Wire | undefined, size: 4 | 7, make: (v: number[], name: string) => Frame): Frame | undefined {
  const names = wire?.names ?? [];
  let above: { frame: Frame; end: number }[] = [];
  let root: Frame | undefined;
  for (const level of wire?.levels ?? []) {
    const here: typeof above = [];
    const values = (level.values ?? []).map(Number);
    let x = 0;
    let parent = 0;
    for (let i = 0; i + size <= values.length; i += size) {
      const v = values.slice(i, i + size);
      const f = make(v, names[v[size - 1]!] ?? "");
      // Frames of a level are in order, and so are their parents. Both sides
      // together have an order as well.
      x += v[0]! + (size === 7 ? v[3]! : 0);
      const width = v[1]! + (size === 7 ? v[4]! : 0);
      while (parent < above.length - 1 && above[parent]!.end <= x) parent++;
      above[parent]?.frame.children.push(f);
      x += width;
      here.push({ frame: f, end: x });
      root ??= f;
    }
    above = here;
  }
  return root;
}

/** What a function accounts for. */
export interface Row { name: string; left: number; selfLeft: number; right: number; selfRight: number }

/** rows sums up by function. A recursive one is counted once a stack. */
export function rows(g: Graph): Row[] {
  const out = new Map<string, Row>();
  const open = new Set<string>();
  const visit = (f: Frame) => {
    const row = out.get(f.name) ?? { name: f.name, left: 0, selfLeft: 0, right: 0, selfRight: 0 };
    out.set(f.name, row);
    row.selfLeft += f.selfLeft;
    row.selfRight += f.selfRight;
    const first = !open.has(f.name);
    if (first) {
      row.left += f.left;
      row.right += f.right;
      open.add(f.name);
    }
    f.children.forEach(visit);
    if (first) open.delete(f.name);
  };
  g.root.children.forEach(visit);
  return [...out.values()];
}

/** sandwich has the callers of a function, from it towards the root, and its callees. */
export function sandwich(g: Graph, name: string): { callers: Graph; callees: Graph } | undefined {
  const callers = frame(name, 0, 0);
  const callees = frame(name, 0, 0);
  const visit = (f: Frame, path: Frame[]) => {
    if (f.name !== name) {
      for (const c of f.children) visit(c, [...path, f]);
      return;
    }
    add(callees, f);
    merge(callees, f.children);
    add(callers, f, false);
    let at = callers;
    for (const up of path.slice(1).reverse()) { // without the root
      at = child(at, up.name);
      add(at, f, false);
    }
  };
  visit(g.root, []);
  if (callees.left + callees.right === 0) return undefined;
  const graphs = [callers, callees].map((root) => ({ ...g, root }));
  for (const graph of graphs) spread(graph.root, g);
  return { callers: graphs[0]!, callees: graphs[1]! };
}

/** recurses reports whether a function calls itself somewhere. */
export function recurses(g: Graph): boolean {
  const visit = (f: Frame): boolean => f.children.some((c) => c.name === f.name || visit(c));
  return visit(g.root);
}

/** collapsed has one frame for a function and its calls of itself. */
export function collapsed(g: Graph): Graph {
  const root = frame(g.root.name, 0, 0);
  add(root, g.root);
  const fold = (from: Frame, to: Frame) => {
    for (const c of from.children) {
      if (c.name !== to.name) {
        const into = child(to, c.name);
        add(into, c);
        fold(c, into);
        continue;
      }
      to.selfLeft += c.selfLeft; // its total is part of the caller's
      to.selfRight += c.selfRight;
      fold(c, to);
    }
  };
  fold(g.root, root);
  spread(root, g);
  return { ...g, root };
}

/** spread sets the widths, by the shares of all of g. */
function spread(f: Frame, g: Graph): void {
  if (g.compared) return weigh(f, g);
  f.value = f.left;
  for (const c of f.children) spread(c, g);
}

function child(of: Frame, name: string): Frame {
  let c = of.children.find((c) => c.name === name);
  if (!c) of.children.push(c = frame(name, 0, 0));
  return c;
}

function add(to: Frame, from: Frame, self = true): void {
  to.left += from.left;
  to.right += from.right;
  if (!self) return;
  to.selfLeft += from.selfLeft;
  to.selfRight += from.selfRight;
}

function merge(to: Frame, children: Frame[]): void {
  for (const from of children) {
    const c = child(to, from.name);
    add(c, from);
    merge(c, from.children);
  }
}
