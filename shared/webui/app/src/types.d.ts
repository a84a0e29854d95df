// d3-flame-graph has no types of its own for the module form.
declare module "d3-flame-graph" {
  interface FlameGraph {
    (selection: unknown): void;
    [setter: string]: (...args: any[]) => any;
  }
  export default function flamegraph(): FlameGraph;
}
declare module "*.css";
