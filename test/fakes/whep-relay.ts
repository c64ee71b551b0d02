/**
 * A WHEP server on a bad network: it passes the offer on to a real one, and all datagrams through a relay that loses some.
 *
 *   viewer ◀─ relay, loses what `passes` says ◀─ server      the answer's only candidate is the relay
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { splitCandidates } from './webrtc-camera.ts';

const LOOPBACK = '127.0.0.1';

export interface WhepRelayOptions {
  /** Of the real server. */
  readonly url: string;
  readonly mediaPort: number;
  /** Whether the datagram of this number, from the server, arrives. Those of media only are asked for. */
  readonly passes: (index: number) => boolean;
}

export interface WhepRelay {
  readonly url: string;
  readonly requests: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
  }[];
  /** Datagrams of the server that were dropped. */
  readonly dropped: number;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startWhepRelay({ url, mediaPort, passes }: WhepRelayOptions): Promise<WhepRelay> {
  const requests: WhepRelay['requests'] = [];
  let dropped = 0;
  let index = 0;
  let viewer: RemoteInfo | undefined;
  const front = await bind();
  const back = await bind();
  front.on('message', (bytes, remote) => {
    viewer = remote;
    back.send(bytes, mediaPort, LOOPBACK);
  });
  back.on('message', (bytes) => {
    const isMedia = bytes[0]! >= 128 && bytes[0]! <= 191 && !(bytes[1]! >= 192 && bytes[1]! <= 223);
    if (isMedia && !passes(index++)) dropped++;
    else if (viewer) front.send(bytes, viewer.port, viewer.address);
  });
  const server = createServer(async (request, response) => {
    const { method = '', headers } = request;
    requests.push({ method, url: request.url!, headers });
    let offer = '';
    for await (const chunk of request) offer += chunk;
    if (request.url === '/moved') {
      response.writeHead(307, { location: '/whep' }).end();
      return;
    }
    if (method === 'DELETE') {
      response.writeHead(200).end();
      return;
    }
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: splitCandidates(offer).sdp,
    });
    const { sdp } = splitCandidates(await answer.text());
    const candidate = `a=candidate:1 1 udp 2130706431 ${LOOPBACK} ${front.address().port} typ host\r\n`;
    response.writeHead(201, { 'content-type': 'application/sdp', location: 'session/1' });
    response.end(sdp.replace(/^a=ice-ufrag/m, `${candidate}a=ice-ufrag`));
  });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    requests,
    get dropped() {
      return dropped;
    },
    async [Symbol.asyncDispose]() {
      front.close();
      back.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bind(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  return socket;
}
