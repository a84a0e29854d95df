// What else the range of a comparison could be compared with.
import { presets, swapped } from "./comparison.ts";
import type { Change } from "./hooks.ts";
import type { State } from "./state.ts";

export function Presets({ state, now, change }: { state: State; now: number; change: Change }) {
  return (
    <div class="presets" role="group" aria-label="Compare with">
      <span class="quiet">Compare with</span>
      {presets.map(([name, of]) => <button type="button" key={name} onClick={() => change(of(state, now))}>{name}</button>)}
      <button type="button" onClick={() => change(swapped(state))}>Swap sides</button>
    </div>
  );
}
