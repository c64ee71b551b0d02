/**
 * The connection to a TURN server: UDP, TCP or TLS (RFC 8656 §3.1), and whole messages on it.
 *
 *   STUN          │ 00 … │ length 16 │ … 20 bytes of header, then `length` bytes
 *   ChannelData   │ 40 … │ length 16 │ data │ over TCP filled up to 4 bytes
 */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { toStreamError } from '../core/errors.ts';
import type { TurnServer } from './ice-servers.ts';
import { connectTcp } from './tcp.ts';

export interface TurnLink {
  readonly queuedBytes: number;
  /** `bytes` belongs to the link from now on. */
  send(bytes: Buffer): void;
  close(): void;
}

export interface TurnLinkHandlers {
  onMessage(bytes: Buffer): void;
  onClose(): void;
}

const CONNECT_TIMEOUT_MS = 5000;
const STUN_HEADER_BYTES = 20;
const CHANNEL_HEADER_BYTES = 4;
const MAX_HELD_BYTES = 1 << 17;

/** Connects to the server. Fails with StreamError. */
export function connectTurn(
  server: TurnServer,
  handlers: TurnLinkHandlers,
  signal: AbortSignal,
): Promise<TurnLink> {
  return server.transport === 'udp'
    ? connectUdp(server, handlers, signal)
    : connectStream(server, handlers, signal);
}

async function connectUdp(
  { host, port }: TurnServer,
  handlers: TurnLinkHandlers,
  signal: AbortSignal,
): Promise<TurnLink> {
  try {
    const { address, family } = await lookup(host);
    signal.throwIfAborted();
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.connect(port, address);
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('message', handlers.onMessage);
    socket.on('error', () => {});
    let open = true;
    return {
      get queuedBytes() {
        return open ? socket.getSendQueueSize() : 0;
      },
      send: (bytes) => {
        if (open) socket.send(bytes);
      },
      close: () => {
        if (open) socket.close();
        open = false;
      },
    };
  } catch (error) {
    throw toStreamError(error, `turn:${host}`);
  }
}

async function connectStream(
  server: TurnServer,
  handlers: TurnLinkHandlers,
  signal: AbortSignal,
): Promise<TurnLink> {
  const { host, port, transport } = server;
  let held: Buffer = Buffer.alloc(0);
  const options = { host, port, timeoutMs: CONNECT_TIMEOUT_MS, signal };
  const stream = await connectTcp(transport === 'tls' ? { ...options, tls: 'verify' } : options, {
    onData(bytes, start, end) {
      held = splitMessages(Buffer.concat([held, bytes.subarray(start, end)]), handlers.onMessage);
      if (held.length > MAX_HELD_BYTES) stream.close();
    },
    onClose: () => handlers.onClose(),
  });
  return {
    get queuedBytes() {
      return stream.queuedBytes;
    },
    send(bytes) {
      const padding = -bytes.length & 3;
      stream.write(padding ? Buffer.concat([bytes, Buffer.alloc(padding)]) : bytes);
    },
    close: () => stream.close(),
  };
}

/** Gives out the whole messages of a byte stream and returns what is left. */
export function splitMessages(bytes: Buffer, emit: (message: Buffer) => void): Buffer {
  let at = 0;
  while (at + CHANNEL_HEADER_BYTES <= bytes.length) {
    const isChannel = bytes[at]! >= 0x40;
    const length = bytes.readUInt16BE(at + 2) + (isChannel ? CHANNEL_HEADER_BYTES : STUN_HEADER_BYTES);
    const padded = (length + 3) & ~3;
    if (at + padded > bytes.length) break;
    emit(bytes.subarray(at, at + length));
    at += padded;
  }
  return bytes.subarray(at);
}
