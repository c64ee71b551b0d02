/** `npm test [-- PATTERN …]`: installs what is missing, then runs every check and test, or those whose name holds a pattern. */
import { join } from 'node:path';
import { buildIfStale } from './build.mjs';
import { handOver, installPackages, installPrograms, ROOT, runScript } from './setup.mjs';

await runScript(async () => {
  await installPackages();
  await installPrograms(['ffmpeg', 'chromium', 'mosquitto', 'iproute2:ip', 'g++']);
  await buildIfStale();
  handOver([join(ROOT, 'scripts/run-tests.ts'), ...process.argv.slice(2)]);
});
