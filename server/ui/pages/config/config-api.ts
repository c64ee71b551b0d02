/** The routes of docs/api.md that this page uses. */
import { getJson, getText, request, sendJson } from '../../lib/api.ts';
import { type Check, readCheck } from './changes.ts';
import type { Schema } from './schema.ts';

/** The file as it stands, always from the server. */
export function fetchConfig(): Promise<string> {
  return getText('api/config');
}

export async function applyConfig(text: string): Promise<void> {
  await request('POST', 'api/config', { body: text });
}

export async function checkConfig(text: string): Promise<Check> {
  return readCheck(await sendJson('POST', 'api/config/check', { body: text }));
}

export async function undoConfig(): Promise<void> {
  await request('POST', 'api/config/undo');
}

/** A text that was in force before an edit. */
export interface PastConfig {
  readonly id: number;
  /** ms since 1970. */
  readonly time: number;
  readonly bytes: number;
}

export function fetchHistory(): Promise<readonly PastConfig[]> {
  return getJson<PastConfig[]>('api/config/history');
}

export function fetchPast(id: number): Promise<string> {
  return getText('api/config/history', { query: { id } });
}

export function fetchSchema(): Promise<Schema> {
  return getJson<Schema>('schema.json');
}

/** Where the file is, and whether the server takes edits. */
export interface ConfigPlace {
  readonly config_path?: string;
  readonly read_only?: boolean;
}

export function fetchPlace(): Promise<ConfigPlace> {
  return getJson<ConfigPlace>('api');
}

/** All streams stop for some seconds. */
export async function restartServer(): Promise<void> {
  await request('POST', 'api/restart');
}
