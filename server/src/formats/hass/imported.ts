/**
 * Cameras that Home Assistant's own configuration holds, as `hass:TITLE`, where the config names its folder (`hass.config`):
 *
 *   .storage/core.config_entries   {"data": {"entries": [{"domain": "generic", "title": "Yard", "options": {"stream_source": "rtsp://…"}}]}}
 *
 * Domains: `generic` (its stream source) and `onvif` (host, port, user, password). Source of truth: core's helpers/storage.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StreamError } from '../../core/errors.ts';
import { objectOf } from './core-socket.ts';

export interface ImportedCamera {
  readonly title: string;
  /** With its credentials. */
  readonly source: string;
}

const FILE = '.storage/core.config_entries';

/** All cameras of the folder. Rejects with StreamError: `invalid_source` where no folder is named, `not_found`. */
export async function importedCameras(folder: unknown): Promise<ImportedCamera[]> {
  if (typeof folder !== 'string' || folder === '') {
    throw new StreamError('invalid_source', 'hass: the config names no folder (hass.config)');
  }
  const text = await readFile(join(folder, FILE), 'utf8').catch((error: Error) => {
    throw new StreamError('not_found', `hass: the configuration cannot be read: ${error.message}`, error);
  });
  return readEntries(text);
}

/** The source of the entry of this title. */
export async function importedSource(folder: unknown, title: string): Promise<string> {
  const camera = (await importedCameras(folder)).find((item) => item.title === title);
  if (camera) return camera.source;
  throw new StreamError('not_found', `hass: no camera is called ${title}`);
}

/** The cameras of the file's text; entries that are none, or of which something is missing, are left out. */
export function readEntries(text: string): ImportedCamera[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new StreamError('protocol', 'hass: the configuration is not JSON', error);
  }
  const { entries } = objectOf(objectOf(file).data);
  return (Array.isArray(entries) ? entries : []).flatMap((item) => {
    const { title, domain, data, options } = objectOf(item);
    const source =
      domain === 'generic'
        ? objectOf(options).stream_source
        : domain === 'onvif'
          ? onvifSource(objectOf(data))
          : undefined;
    return typeof title === 'string' && typeof source === 'string' && source !== ''
      ? [{ title, source }]
      : [];
  });
}

function onvifSource({
  host,
  port,
  username,
  password,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof host !== 'string' || host === '') return undefined;
  const user =
    typeof username === 'string' && username !== ''
      ? `${encodeURIComponent(username)}:${encodeURIComponent(String(password ?? ''))}@`
      : '';
  return `onvif://${user}${host}${typeof port === 'number' ? `:${port}` : ''}`;
}
