/** The routes of docs/api.md that this page uses. */
import { apiUrl } from '../../../../frontend-card/src/player/url.ts';
import { getJson, getText, request } from '../../lib/api.ts';

/** JSON lines from `since` (ms) on; of one camera if named. */
export function fetchLines(since: number, camera: string): Promise<string> {
  return getText('api/log', { query: { since: since || undefined, stream: camera || undefined } });
}

export async function clearLog(): Promise<void> {
  await request('DELETE', 'api/log');
}

export interface Levels {
  /** Of all modules that have none of their own. */
  readonly level: string;
  readonly modules: Readonly<Record<string, string>>;
  /** Names of modules. */
  readonly known: readonly string[];
}

export function fetchLevels(): Promise<Levels> {
  return getJson<Levels>('api/log/levels');
}

/** Without a module: of all, those with a level of their own too. */
export async function setLevel(level: string, module?: string): Promise<void> {
  await request('PUT', 'api/log', { query: { level, module } });
}

export function bundleUrl(): string {
  return apiUrl(document.baseURI, 'api/log/bundle');
}
