/**
 * The WebSocket API of Home Assistant core, several questions a connection.
 *
 *   ← {"type": "auth_required"}   → {"type": "auth", "access_token": "…"}   ← {"type": "auth_ok"}
 *   → {"id": 1, "type": "camera/stream", "entity_id": "camera.door"}
 *   ← {"id": 1, "type": "result", "success": true, "result": {"url": "/api/hls/…"}}
 *   ← {"id": 2, "type": "event", "event": {…}}                              to a question that subscribes
 *
 * Source of truth: developers.home-assistant.io, "WebSocket API".
 */
import type { RawData, WebSocket } from 'ws';
import { StreamError } from '../../core/errors.ts';
import { connectionError } from '../../net/tcp.ts';
import { parseAddress } from '../../net/url.ts';
import { openWebSocket } from '../../net/websocket.ts';
import type { CoreAddress } from './address.ts';

type Message = Readonly<Record<string, unknown>>;

export interface CoreSocket {
  /** The result. Rejects with StreamError: `not_found`, `unsupported`, `unauthorized`, `protocol`, `timeout`, `closed`. */
  ask(command: Message & { readonly type: string }, onEvent?: (event: Message) => void): Promise<unknown>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** The registry of a large house is a few megabytes. */
const MAXIMUM_MESSAGE_BYTES = 16 << 20;

interface Question {
  readonly settle: (message: Message) => void;
  readonly fail: (error: StreamError) => void;
  readonly onEvent: ((event: Message) => void) | undefined;
}

/** Connects and says who we are; closes when the signal aborts. Rejects with StreamError. */
export async function connectCore(core: CoreAddress, signal: AbortSignal): Promise<CoreSocket> {
  const questions = new Map<number, Question>();
  const greeting = Promise.withResolvers<void>();
  greeting.promise.catch(() => {});
  let lastId = 0;
  let failure: StreamError | undefined;

  const fail = (error: StreamError): void => {
    failure ??= error;
    greeting.reject(failure);
    for (const question of questions.values()) question.fail(failure);
    questions.clear();
  };
  const onMessage = (data: RawData, from: WebSocket): void => {
    const message = parse(String(data));
    if (message.type === 'auth_required') {
      from.send(JSON.stringify({ type: 'auth', access_token: core.token }), () => {});
    } else if (message.type === 'auth_ok') greeting.resolve();
    else if (message.type === 'auth_invalid') {
      fail(new StreamError('unauthorized', 'hass: Home Assistant refuses the token'));
      from.close();
    } else {
      const question = questions.get(Number(message.id));
      if (message.type === 'result') question?.settle(message);
      else if (message.type === 'event') question?.onEvent?.(objectOf(message.event));
    }
  };
  const { socket } = await openWebSocket({
    address: parseAddress(core.websocket),
    credentials: undefined,
    timeoutMs: TIMEOUT_MS,
    signal,
    onMessage,
    maxMessageBytes: MAXIMUM_MESSAGE_BYTES,
  });
  const send = (message: Message): void => socket.send(JSON.stringify(message), () => {});
  const close = (): void => socket.close();
  signal.addEventListener('abort', close, { once: true });
  socket.on('error', (error) => fail(connectionError(error)));
  socket.on('close', () => {
    signal.removeEventListener('abort', close);
    fail(new StreamError('closed', 'hass: Home Assistant closed the connection'));
  });
  if (signal.aborted) close();
  try {
    await inTime(greeting.promise, 'greeting');
  } catch (error) {
    close();
    throw error;
  }

  return {
    close,
    ask(command, onEvent) {
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      if (failure) return Promise.reject(failure);
      questions.set(id, {
        onEvent,
        settle({ success, result, error }) {
          if (!onEvent || !success) questions.delete(id);
          if (success) resolve(result);
          else reject(refusal(command.type, objectOf(error)));
        },
        fail: reject,
      });
      send({ ...command, id });
      return inTime(promise, command.type);
    },
  };
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = new StreamError('timeout', `hass: no answer from Home Assistant (${what})`);
  const timer = setTimeout(() => late.reject(error), TIMEOUT_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function refusal(type: string, { code, message }: Message): StreamError {
  const text = `hass: ${type}: ${String(message ?? code ?? 'refused').slice(0, 200)}`;
  if (code === 'unauthorized') return new StreamError('unauthorized', text);
  if (code === 'unknown_command') return new StreamError('unsupported', text);
  return new StreamError(/not.found/i.test(`${code} ${message}`) ? 'not_found' : 'protocol', text);
}

function parse(text: string): Message {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The value, if it is an object; else an empty one. */
export const objectOf = (value: unknown): Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Message) : {};
