/**
 * The last hop of ingress, Supervisor → add-on: says who the user is, drops the parameters of content types, buffers what
 * has a length and streams the rest.
 */
import {
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

export interface IngressUser {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
}

interface Addon {
  /** Where our requests come from. */
  readonly host: string;
  readonly addonHost: string;
  readonly ingressPort: number;
}

/** What a browser, or core, must not say in our name. */
const DROPPED =
  /^(?:connection|host|content-length|content-encoding|transfer-encoding|upgrade|sec-websocket-.*|x-supervisor-token|x-remote-user-.*)$/;
const DROPPED_ANSWER =
  /^(?:connection|keep-alive|transfer-encoding|content-length|content-type|content-encoding)$/;
/** As core and the Supervisor refuse them. */
const REFUSED = /proc\/self\/environ|<.*script.*>|(?:\.\.\/)|[a-z0-9_]=\/(?:[a-z0-9_.]\/\/?)+|concat.*\(/i;

const withoutToken = (url: string): string => url.replace(/^\/ingress\/[^/]+/, '');

function headersFor({ headers, socket }: IncomingMessage, user: IngressUser): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !DROPPED.test(name));
  return {
    ...Object.fromEntries(kept),
    'x-forwarded-for': [headers['x-forwarded-for'] ?? '192.0.2.7', socket.remoteAddress].join(', '),
    // Core says it; who comes without core in between is a test's browser.
    'x-forwarded-host': headers['x-forwarded-host'] ?? headers.host,
    ...(user.id
      ? {
          'x-remote-user-id': user.id,
          'x-remote-user-name': user.name,
          'x-remote-user-display-name': user.displayName,
        }
      : {}),
  };
}

export function proxyIngress(
  request: IncomingMessage,
  response: ServerResponse,
  { host, addonHost, ingressPort }: Addon,
  user: IngressUser,
): void {
  const path = withoutToken(request.url!);
  if (REFUSED.test(decodeURIComponent(path))) return void response.writeHead(400).end();
  const upstream = httpRequest({
    host: addonHost,
    port: ingressPort,
    localAddress: host,
    method: request.method,
    path,
    headers: headersFor(request, user),
  });
  upstream.on('response', (answer) => {
    const kept = Object.entries(answer.headers).filter(([name]) => !DROPPED_ANSWER.test(name));
    const type = (answer.headers['content-type'] ?? 'application/octet-stream').split(';', 1)[0]!;
    response.writeHead(answer.statusCode!, { ...Object.fromEntries(kept), 'content-type': type });
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  upstream.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  // What is answered in full has given its connection to the next request.
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  request.pipe(upstream);
}

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 16 << 20 });

export function proxyIngressSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { host, addonHost, ingressPort }: Addon,
  user: IngressUser,
): void {
  const upstream = new WebSocket(`ws://${addonHost}:${ingressPort}${withoutToken(request.url!)}`, {
    headers: headersFor(request, user) as Record<string, string>,
    localAddress: host,
    perMessageDeflate: false,
  });
  upstream.once('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  upstream.once('open', () => {
    upstream.pause();
    sockets.handleUpgrade(request, socket, head, (browser) => {
      browser.on('message', (data, isBinary) => upstream.send(data, { binary: isBinary }));
      upstream.on('message', (data, isBinary) => browser.send(data, { binary: isBinary }));
      browser.on('error', () => {});
      browser.on('close', () => upstream.close());
      upstream.on('close', () => browser.close());
      upstream.resume();
    });
  });
}
