/** Installs and builds what the stories of this folder need and cannot get inside a network of their own. */
import { buildAddon } from './addon.ts';
import { installCore } from './core.ts';

// One after the other: both use apt.
await installCore();
await buildAddon();
