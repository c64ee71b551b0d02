/** The key that the integration of this add-on shows: made once, kept in the add-on's own folder, told to core alone. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerSecret } from '../util/redact.ts';

export interface Key {
  readonly username: string;
  readonly password: string;
}

const FORM = /^[0-9a-f]{64}$/;

/** The key of this folder; a new one where there is none, or it is damaged. */
export async function loadKey(folder: string): Promise<Key> {
  const path = join(folder, 'homeassistant.key');
  const known = (await readFile(path, 'utf8').catch(() => '')).trim();
  const password = FORM.test(known) ? known : randomBytes(32).toString('hex');
  registerSecret(password);
  if (password !== known) {
    await mkdir(folder, { recursive: true });
    await writeFile(`${path}.tmp`, `${password}\n`, { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  }
  return { username: 'homeassistant', password };
}
