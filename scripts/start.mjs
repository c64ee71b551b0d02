/** `npm start`: installs what is missing, builds what is stale, and becomes the server. */
import { BUNDLE, buildIfStale } from './build.mjs';
import { handOver, installPackages, installPrograms, runScript, SetupError } from './setup.mjs';

await runScript(async () => {
  await installPackages();
  await installPrograms(['ffmpeg']).catch((error) => {
    if (!(error instanceof SetupError)) throw error;
    console.error(`porthole: ${error.message}; starting without it`);
  });
  await buildIfStale();
  handOver([BUNDLE, ...process.argv.slice(2)]);
});
