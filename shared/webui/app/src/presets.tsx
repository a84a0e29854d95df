// What else the range of a comparison could be compared with.
import { presets, swapped } from "./comparison.ts";
import type { Change } from "./hooks.ts";
import type { State } from "./state.ts";

export function Presets({ state, now, first, change }: { state: State; now: number; first: () => number | undefined; change: Change }) {
  return (
    <div class="presets" role="group" aria-label="Compare with">
      <span class="quiet">Compare with</span>
      {presets.map(([name, of]) => <button type="button" key={name} onClick={() => change(of(state, now, first()))}>{name}</button>)}
      <button type="button" onClick={() => change(swapped(state))}>Swap sides</button>
    </div>
  );
}
