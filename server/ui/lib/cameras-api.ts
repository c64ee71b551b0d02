/** One function per route of docs/api.md that the camera pages use. */
import { apiUrl } from '../../../frontend-card/src/player/url.ts';
import { getJson, request, sendJson } from './api.ts';
import type {
  Camera,
  CameraChange,
  Found,
  HistorySample,
  Probe,
  ScanKind,
  ServerState,
  SourceKind,
} from './api-types.ts';

/** Scans wait for answers of devices that sleep; probes for a camera's first key frame. */
const SLOW_MS = 45_000;

export interface State {
  readonly server: ServerState;
  readonly cameras: readonly Camera[];
}

export function fetchState(): Promise<State> {
  return getJson<State>('api/cameras');
}

/** Creates the camera, or changes what is named. */
export function putCamera(id: string, change: CameraChange): Promise<Camera> {
  return sendJson<Camera>('PUT', 'api/cameras', { query: { id }, body: change });
}

export async function deleteCamera(id: string): Promise<void> {
  await request('DELETE', 'api/cameras', { query: { id } });
}

/** Closes its sources and opens them anew; viewers stay. */
export async function restartCamera(id: string): Promise<void> {
  await request('POST', 'api/cameras/restart', { query: { id } });
}

export interface Movement {
  readonly pan?: number;
  readonly tilt?: number;
  readonly zoom?: number;
  readonly preset?: string;
}

export async function moveCamera(id: string, movement: Movement): Promise<void> {
  await request('POST', 'api/cameras/ptz', { query: { id }, body: movement });
}

export async function fetchHistory(id: string): Promise<readonly HistorySample[]> {
  const { samples } = await getJson<{ samples: HistorySample[] }>('api/cameras/history', { query: { id } });
  return samples;
}

export async function disconnectViewer(stream: string, consumer: number): Promise<void> {
  await request('DELETE', 'api/consumers', { query: { src: stream, id: consumer } });
}

export function fetchSourceKinds(): Promise<readonly SourceKind[]> {
  return getJson<SourceKind[]>('api/sources');
}

export async function fetchScanKinds(): Promise<readonly ScanKind[]> {
  return (await getJson<{ kinds: ScanKind[] }>('api/scan')).kinds;
}

export async function scan(kind: string, signal: AbortSignal): Promise<readonly Found[]> {
  const answer = await getJson<{ found: Found[] }>('api/scan', {
    query: { kind },
    signal,
    timeoutMs: SLOW_MS,
  });
  return answer.found;
}

export interface DeviceRequest {
  /** Host, or an `onvif://` source. */
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
}

/** What an ONVIF device has, once somebody signs in. */
export function scanDevice(
  device: DeviceRequest,
  signal: AbortSignal,
): Promise<{ readonly found: readonly Found[] }> {
  return sendJson('POST', 'api/scan', { body: device, signal, timeoutMs: SLOW_MS });
}

export interface ProbeRequest {
  readonly source: string;
  readonly username?: string;
  readonly password?: string;
}

export function probe(source: ProbeRequest, signal: AbortSignal): Promise<Probe> {
  return sendJson<Probe>('POST', 'api/probe', { body: source, signal, timeoutMs: SLOW_MS });
}

/** The name of a stream that is no camera. */
export function openPreview(source: string): Promise<{ readonly name: string }> {
  return sendJson('POST', 'api/preview', { body: { source } });
}

/** Goes out even from a page that is closed. The server ends what it was not told to. */
export async function endPreview(name: string): Promise<void> {
  const url = apiUrl(document.baseURI, 'api/preview', { name });
  await fetch(url, { method: 'DELETE', keepalive: true }).catch(() => undefined);
}
