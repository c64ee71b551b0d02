/**
 * One question to Home Assistant core by its WebSocket API, through the Supervisor's proxy.
 *
 *   ← {"type": "auth_required"}   → {"type": "auth", "access_token": SUPERVISOR_TOKEN}   ← {"type": "auth_ok"}
 *   → {"id": 1, "type": "config/auth/list"}
 *   ← {"id": 1, "type": "result", "success": true, "result": […]}
 *   ← {"id": 1, "type": "result", "success": false, "error": {"code": "not_found", "message": "…"}}
 *
 * Source of truth: developers.home-assistant.io, "WebSocket API". Questions are rare: a connection each.
 */
import { StreamError } from '../core/errors.ts';
import type { Supervisor } from './supervisor.ts';

interface Message {
  readonly type?: string;
  readonly success?: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code?: string; readonly message?: string };
}

const TIMEOUT_MS = 10_000;

/** The result of the command. Rejects with StreamError: `not_found` where core says so, `unreachable` while core is not there. */
export async function askCore(
  { host, token }: Pick<Supervisor, 'host' | 'token'>,
  command: { readonly type: string; readonly [argument: string]: unknown },
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  const socket = new WebSocket(`ws://${host}/core/websocket`);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => reject(new StreamError('timeout', 'core: no answer')), timeoutMs);
  const send = (message: object): void => socket.send(JSON.stringify(message));
  socket.onerror = () => reject(new StreamError('unreachable', 'core cannot be reached'));
  socket.onclose = () => reject(new StreamError('unreachable', 'core closed the connection'));
  socket.onmessage = ({ data }) => {
    const message = parse(data);
    if (message.type === 'auth_required') send({ type: 'auth', access_token: token });
    else if (message.type === 'auth_ok') send({ id: 1, ...command });
    else if (message.type === 'auth_invalid') reject(new StreamError('unauthorized', 'core refuses us'));
    else if (message.type !== 'result') return;
    else if (message.success) resolve(message.result);
    else {
      const { code, message: text = 'failed' } = message.error ?? {};
      reject(new StreamError(code === 'not_found' ? 'not_found' : 'protocol', `${command.type}: ${text}`));
    }
  };
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function parse(data: unknown): Message {
  try {
    return (JSON.parse(String(data)) as Message | null) ?? {};
  } catch {
    return {};
  }
}
