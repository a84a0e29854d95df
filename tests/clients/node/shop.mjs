// Computes until its standard input ends. profiling.mjs is the snippet of the
// documentation, but that the SDK uploads each second and not each minute.
import Pyroscope from '@pyroscope/nodejs';

const { init } = Pyroscope;
Pyroscope.init = (config) => init({ flushIntervalMs: 1000, ...config });
await import('./profiling.mjs');

const kept = [];

function spin() {
  for (const end = Date.now() + 20; Date.now() < end; );
  kept[kept.length % 64] = new Array(1024).fill(kept.length);
}

setInterval(spin, 25);
process.stdin.resume().on('end', () => process.exit());
