/**
 * The server and its cameras as they are now, pushed over the WebSocket `api/events`.
 *
 * One connection for the page, opened by whoever looks first. When it is lost, the last state stays, `connected` is
 * false, and the next attempt follows after 1, 2, 4, 8 s. Where no WebSocket comes through (a proxy without it), the
 * state is fetched every few seconds instead.
 */
import type { ReactiveControllerHost } from 'lit';
import { apiUrl } from '../../../frontend-card/src/player/url.ts';
import { getJson } from './api.ts';
import type { Camera, ServerState } from './api-types.ts';
import { initialState, type LiveState, reduce } from './live-state.ts';

const POLL_MS = 4000;
const MAXIMUM_WAIT_MS = 8000;
/** Nothing came since: the connection may be dead without a word, as after a laptop slept. */
const REOPEN_AFTER_HIDDEN_MS = 30_000;

/** Something a camera told of: motion, or somebody rang. */
export interface CameraEvent {
  readonly id: string;
  readonly event: string;
  readonly active: boolean;
  readonly time: number;
}

type Listener = () => void;

let state: LiveState = initialState;
let connected = false;
let socket: WebSocket | undefined;
let attempt = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let hiddenSinceMs = 0;
const listeners = new Set<Listener>();
const eventListeners = new Set<(event: CameraEvent) => void>();

/** What is known; `undefined` members until the first answer. */
export const store = {
  get server(): ServerState | undefined {
    return state.server;
  },
  /** By the name shown, as people count. */
  get cameras(): readonly Camera[] {
    return state.cameras;
  },
  /** The first state has come. */
  get ready(): boolean {
    return state.server !== undefined;
  },
  get connected(): boolean {
    return connected;
  },
  /** Only viewers of Home Assistant are none; while nothing is known, nobody is one. */
  get isAdmin(): boolean {
    return state.server !== undefined && state.server.role !== 'viewer';
  },
  camera(id: string): Camera | undefined {
    return state.cameras.find((camera) => camera.id === id);
  },
  /** Calls `listener` after each change; returns the way out. */
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    if (listeners.size === 1) open();
    return () => listeners.delete(listener);
  },
  onEvent(listener: (event: CameraEvent) => void): () => void {
    eventListeners.add(listener);
    return () => eventListeners.delete(listener);
  },
  /** Shows at once what a request answered, before the server pushes it. */
  put(camera: Camera): void {
    apply({ type: 'camera', camera });
  },
  remove(id: string): void {
    apply({ type: 'removed', id });
  },
};

/** Renders the element anew after each change of the store, as long as it is in the page. */
export function watchStore(host: ReactiveControllerHost): void {
  let leave: (() => void) | undefined;
  host.addController({
    hostConnected: () => {
      leave = store.subscribe(() => host.requestUpdate());
    },
    hostDisconnected: () => leave?.(),
  });
}

function apply(message: unknown): void {
  const next = reduce(state, message);
  if (next === state) return;
  state = next;
  notify();
}

function notify(): void {
  for (const listener of listeners) listener();
}

function setConnected(value: boolean): void {
  if (connected === value) return;
  connected = value;
  notify();
}

function open(): void {
  clearTimeout(retryTimer);
  if (socket) return;
  const url = new URL(apiUrl(document.baseURI, 'api/events'));
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const opened = new WebSocket(url);
  socket = opened;
  opened.onmessage = ({ data }) => {
    if (opened !== socket) return;
    const message = parse(data);
    attempt = 0;
    setConnected(true);
    apply(message);
    if (isEvent(message)) for (const listener of eventListeners) listener(message);
  };
  opened.onclose = () => {
    if (opened !== socket) return;
    socket = undefined;
    void poll();
  };
}

/** Without a WebSocket: one fetch tells whether the server is there at all. */
async function poll(): Promise<void> {
  try {
    const answer = await getJson<object>('api/cameras', { timeoutMs: MAXIMUM_WAIT_MS });
    setConnected(true);
    apply({ type: 'state', ...answer });
    attempt = Math.min(attempt + 1, 3);
  } catch {
    setConnected(false);
    attempt++;
  }
  clearTimeout(retryTimer);
  const waitMs = connected ? POLL_MS : Math.min(MAXIMUM_WAIT_MS, 1000 * 2 ** (attempt - 1));
  retryTimer = setTimeout(open, attempt === 1 && connected ? 200 : waitMs);
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}

function isEvent(message: unknown): message is CameraEvent {
  return (message as { type?: unknown } | undefined)?.type === 'event';
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    hiddenSinceMs = Date.now();
    return;
  }
  if (listeners.size === 0 || Date.now() - hiddenSinceMs < REOPEN_AFTER_HIDDEN_MS) return;
  const stale = socket;
  socket = undefined;
  stale?.close();
  open();
});
