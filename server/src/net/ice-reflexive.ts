/** Our public address as a STUN server sees it, asked over the port that sessions use: that is where a NAT lets peers in. */
import { randomBytes } from 'node:crypto';
import type { IceMux } from './ice-mux.ts';
import {
  decodeXorAddress,
  type Endpoint,
  encodeStun,
  parseStun,
  STUN_ATTRIBUTE,
  STUN_METHOD,
  stunAttribute,
  stunTransactionId,
} from './stun.ts';

const RETRY_MS = [200, 400, 800];

/** Undefined when the server does not answer within about a second and a half, or can't be reached by UDP. */
export function askReflexiveAddress(mux: IceMux, server: Endpoint): Promise<Endpoint | undefined> {
  const transactionId = stunTransactionId();
  const { promise, resolve } = Promise.withResolvers<Endpoint | undefined>();
  const endpoint = {
    ufrag: randomBytes(12).toString('base64url'),
    onRequest: () => false,
    onPathClosed: () => {},
    onDatagram(bytes: Buffer): void {
      const message = parseStun(bytes);
      if (message?.class !== 'success' || message.transactionId !== transactionId) return;
      const mapped = decodeXorAddress(stunAttribute(message, STUN_ATTRIBUTE.xorMappedAddress), transactionId);
      resolve(mapped && mapped.port > 0 ? mapped : undefined);
    },
  };
  const unregister = mux.register(endpoint);
  const path = mux.pathTo(endpoint, server);
  const request = encodeStun({
    class: 'request',
    method: STUN_METHOD.binding,
    transactionId,
    attributes: [],
  });
  let timer: NodeJS.Timeout | undefined;
  const attempt = (round: number): void => {
    const wait = RETRY_MS[round];
    if (!path || wait === undefined) {
      resolve(undefined);
      return;
    }
    path.send(request);
    timer = setTimeout(attempt, wait, round + 1);
  };
  attempt(0);
  return promise.finally(() => {
    clearTimeout(timer);
    unregister();
  });
}
