/** The Supervisor's way to core: its proxy for add-ons (REST and WebSocket), and the news of a discovery. */
import {
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { DiscoveryMessage } from './supervisor.ts';

/** Core, as far as an add-on sees it. */
export type CoreStandIn =
  | {
      /** A real core: its socket for the Supervisor (SUPERVISOR_CORE_API_SOCKET). */
      readonly socketPath: string;
    }
  | {
      /** The result of a WebSocket command; throws an Error whose message is the code of core's. */
      command(type: string, command: Readonly<Record<string, unknown>>): unknown;
      /** An action, `persistent_notification.create`. */
      action(name: string, data: unknown): void;
    };

/** Core's REST API for the add-on. */
export function restToCore(
  core: CoreStandIn | undefined,
  { method = 'GET', headers }: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: string,
): void {
  if (!['GET', 'POST', 'DELETE'].includes(method)) return void response.writeHead(405).end();
  if (/^\/api\/hassio[/_]/.test(path)) return void response.writeHead(403).end();
  if (!core) return void response.writeHead(502).end();
  if ('socketPath' in core) {
    const type = headers['content-type'] ?? 'application/json';
    const upstream = toCore(
      core.socketPath,
      { method, path, headers: { 'content-type': type } },
      (answer) => {
        response.writeHead(answer.statusCode!, {
          'content-type': answer.headers['content-type'] ?? 'text/plain',
        });
        answer.pipe(response);
      },
    );
    upstream.on('error', () => response.writeHead(502).end());
    upstream.end(body);
    return;
  }
  const [, domain, action] = /^\/api\/services\/(\w+)\/(\w+)$/.exec(path) ?? [];
  if (!action) return void response.writeHead(404).end();
  core.action(`${domain}.${action}`, JSON.parse(body || '{}'));
  response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
}

const toCore = (
  socketPath: string,
  options: RequestOptions,
  onAnswer: (answer: IncomingMessage) => void,
): ReturnType<typeof httpRequest> => httpRequest({ socketPath, ...options }, onAnswer);

/** Tells core that there is a message; it fetches it then. */
export function pushDiscovery(
  core: CoreStandIn | undefined,
  { config: _, ...message }: DiscoveryMessage,
): void {
  if (!core || !('socketPath' in core)) return;
  const upstream = toCore(
    core.socketPath,
    {
      method: 'POST',
      path: `/api/hassio_push/discovery/${message.uuid}`,
      headers: { 'content-type': 'application/json' },
    },
    (answer) => answer.resume(),
  );
  upstream.on('error', () => {});
  upstream.end(JSON.stringify(message));
}

const sockets = new WebSocketServer({ noServer: true });

/** Core's WebSocket API for the add-on: its token, and neither `supervisor/` nor `hassio/` commands. */
export function socketToCore(
  core: CoreStandIn | undefined,
  token: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  sockets.handleUpgrade(request, socket, head, (client) => {
    const send = (message: object): void => client.send(JSON.stringify(message));
    client.on('error', () => {});
    send({ type: 'auth_required', ha_version: '2026.11.0' });
    client.once('message', (data) => {
      const { access_token } = JSON.parse(String(data)) as { access_token?: string };
      if (!core || access_token !== token) {
        send({ type: 'auth_invalid', message: 'Invalid access' });
        return client.close();
      }
      if ('socketPath' in core) return relay(client, core.socketPath);
      send({ type: 'auth_ok', ha_version: '2026.11.0' });
      client.on('message', (text) => send(answerTo(core, JSON.parse(String(text)))));
    });
  });
}

type Command = Readonly<Record<string, unknown>> & { readonly id: number; readonly type: string };

function answerTo(core: Exclude<CoreStandIn, { socketPath: string }>, command: Command): object {
  const { id, type } = command;
  try {
    return { id, type: 'result', success: true, result: core.command(type, command) };
  } catch (error) {
    const code = (error as Error).message;
    return { id, type: 'result', success: false, error: { code, message: code } };
  }
}

/** Over its socket for the Supervisor, core knows who asks. */
function relay(client: WebSocket, socketPath: string): void {
  const upstream = new WebSocket(`ws+unix://${socketPath}:/api/websocket`);
  const early: string[] = [];
  let open = false;
  const toUpstream = (text: string): void => void (open ? upstream.send(text) : early.push(text));
  client.on('message', (data) => {
    const command = JSON.parse(String(data)) as Command;
    if (!/^(?:supervisor|hassio)\//.test(command.type)) return toUpstream(String(data));
    const error = { code: 'unauthorized', message: 'Unauthorized' };
    client.send(JSON.stringify({ id: command.id, type: 'result', success: false, error }));
  });
  upstream.on('message', (data) => {
    const text = String(data);
    if (text.includes('"auth_required"'))
      return upstream.send(JSON.stringify({ type: 'auth', access_token: '' }));
    if (text.includes('"auth_ok"')) {
      open = true;
      for (const message of early.splice(0)) upstream.send(message);
    }
    client.send(text);
  });
  upstream.on('error', () => client.close());
  upstream.on('close', () => client.close());
  client.on('close', () => upstream.close());
}
