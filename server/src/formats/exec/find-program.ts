/** Whether a program is installed. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** True when a program of this name is in PATH. */
export function isInstalled(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
