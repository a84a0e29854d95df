// A program with the SDK for Node.js. It computes until its standard input
// ends, and uploads to the server at the URL of the first argument.
import Pyroscope from '@pyroscope/nodejs';

Pyroscope.init({
  serverAddress: process.argv[2],
  appName: 'node-sdk-app',
  tags: { region: 'eu', 'app.tier': 'web' },
  flushIntervalMs: 1000,
  wall: { samplingDurationMs: 1000, collectCpuTime: true },
});
Pyroscope.start();

const kept = [];

function spin() {
  for (const end = Date.now() + 20; Date.now() < end; );
  kept[kept.length % 64] = new Array(1024).fill(kept.length);
}

const timer = setInterval(spin, 25);
process.stdin.resume().on('end', async () => {
  clearInterval(timer);
  await Pyroscope.stop();
  process.exit(0);
});
