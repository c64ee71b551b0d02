/**
 * The table of formats: one row each, in rows/{group}.ts. Schemes, `/api/schemes`, byte-format detection,
 * `/api/stream.*`, docs/formats.md and the tests derive from it. Nothing registers itself by being imported; modules load
 * when first used.
 */
import type { Format } from './format.ts';
import { CAMERA_FORMATS } from './rows/camera.ts';
import { DEVICE_FORMATS } from './rows/device.ts';
import { FILE_FORMATS } from './rows/file.ts';
import { NETWORK_FORMATS } from './rows/network.ts';
import { OUTPUT_FORMATS } from './rows/output.ts';
import { PROGRAM_FORMATS } from './rows/program.ts';

export const FORMATS: readonly Format[] = [
  ...CAMERA_FORMATS,
  ...NETWORK_FORMATS,
  ...DEVICE_FORMATS,
  ...PROGRAM_FORMATS,
  ...FILE_FORMATS,
  ...OUTPUT_FORMATS,
];
