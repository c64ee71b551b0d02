/** The key that the integration of this add-on shows: made once, kept with what outlives the process, told to core alone. */
import { randomBytes } from 'node:crypto';
import type { StateFile } from '../config/state.ts';
import { registerSecret } from '../util/redact.ts';

export interface Key {
  readonly username: string;
  readonly password: string;
}

const STATE = 'homeassistant_key';
const FORM = /^[0-9a-f]{64}$/;

/** The key that is kept; a new one where there is none, or it is damaged. */
export function loadKey(state: StateFile): Key {
  const kept = state.get(STATE);
  const known = typeof kept === 'string' && FORM.test(kept) ? kept : undefined;
  const password = known ?? randomBytes(32).toString('hex');
  registerSecret(password);
  if (!known) state.set(STATE, password);
  return { username: 'homeassistant', password };
}
