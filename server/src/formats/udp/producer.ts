/**
 * `udp://@:5000`, `udp://239.0.0.1:1234`: a transport stream in datagrams, sent to this machine or to a multicast group.
 *
 * Anybody may send to a port. The first one who does is listened to; another only after that one has been silent for a
 * while, as when an encoder starts again with a new port. address.ts has the forms of the address.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Packet, type Peer, type Producer, type WritePacket } from '../../core/model.ts';
import type { OpenContext } from '../format.ts';
import { createDemuxer } from '../mpegts/demuxer.ts';
import type { SourceText } from '../source-text.ts';
import { parseUdpAddress, type UdpAddress } from './address.ts';
import { payloadOfDatagram } from './datagram.ts';

const PROBE_TIMEOUT_MS = 10_000;
const PROBE_BYTES = 8 << 20;
/** When some tracks are known but others are expected, this is how long they are given. */
const EXTRA_TRACKS_TIMEOUT_MS = 2000;
const SILENCE_MS = 5000;
const SENDER_SILENCE_MS = 1000;
const CHECK_INTERVAL_MS = 250;
/** What the kernel is asked to hold, in order of preference: a key frame comes at once. */
const RECEIVE_BUFFER_BYTES = [8 << 20, 1 << 20] as const;

/** Listens, and waits for the tracks. */
export async function open(source: SourceText, { signal }: OpenContext): Promise<Producer> {
  const address = parseUdpAddress(source);
  signal.throwIfAborted();
  const socket = await bind(address);
  try {
    return await receive(socket, source.url, address, signal);
  } catch (error) {
    socket.close();
    throw error;
  }
}

async function receive(
  socket: Socket,
  url: string,
  { port }: UdpAddress,
  openSignal: AbortSignal,
): Promise<Producer> {
  const demuxer = createDemuxer();
  const held: Packet[] = [];
  const ready = Promise.withResolvers<void>();
  const startedMs = performance.now();
  let write: WritePacket = (packet) => void held.push(packet);
  let fail = (error: StreamError): void => ready.reject(error);
  let isOpen = false;
  let peer: Peer | undefined;
  let sender: RemoteInfo | undefined;
  let heardMs = startedMs;
  let tracksMs: number | undefined;

  const isFrom = (from: RemoteInfo): boolean => sender?.port === from.port && sender.address === from.address;

  /** While opening: whether what has come is enough, or can't be waited for any longer. */
  const probe = (nowMs: number): void => {
    if (demuxer.tracks.length > 0) tracksMs ??= nowMs;
    const isEnough = demuxer.ready || nowMs - (tracksMs ?? nowMs) > EXTRA_TRACKS_TIMEOUT_MS;
    const isTooMuch = (peer?.bytesReceived ?? 0) > PROBE_BYTES;
    if (isEnough || (tracksMs !== undefined && isTooMuch)) ready.resolve();
    else if (isTooMuch) fail(new StreamError('protocol', `no track of MPEG-TS in ${PROBE_BYTES} bytes`));
    else if (nowMs - startedMs > PROBE_TIMEOUT_MS) {
      const seen = peer ? 'no track of MPEG-TS in the datagrams' : 'no datagram';
      fail(new StreamError('timeout', `${seen} on UDP port ${port} within ${PROBE_TIMEOUT_MS / 1000} s`));
    }
  };

  socket.on('message', (datagram, from) => {
    const nowMs = performance.now();
    if (!isFrom(from)) {
      if (sender && nowMs - heardMs < SENDER_SILENCE_MS) return;
      sender = from;
    }
    heardMs = nowMs;
    const payload = payloadOfDatagram(datagram);
    peer ??= createPeer({
      format: 'mpegts',
      protocol: payload === datagram ? 'udp' : 'rtp+udp',
      url,
      remoteAddress: `${from.address}:${from.port}`,
    });
    peer.bytesReceived += datagram.length;
    demuxer.push(payload, write);
    peer.corrupt = demuxer.corrupt ?? 0;
    if (!isOpen) probe(nowMs);
  });
  socket.on('error', (error) => fail(new StreamError('closed', `UDP port ${port}: ${error.message}`, error)));
  const timer = setInterval(() => {
    const nowMs = performance.now();
    if (!isOpen) probe(nowMs);
    else if (nowMs - heardMs > SILENCE_MS)
      fail(new StreamError('stalled', `no datagram on UDP port ${port} for ${SILENCE_MS / 1000} s`));
  }, CHECK_INTERVAL_MS);

  const abort = (): void => ready.reject(openSignal.reason);
  openSignal.addEventListener('abort', abort, { once: true });
  try {
    await ready.promise;
    isOpen = true;
  } catch (error) {
    clearInterval(timer);
    throw error;
  } finally {
    openSignal.removeEventListener('abort', abort);
  }

  return {
    peer: peer!,
    tracks: demuxer.tracks,
    async run(writePacket, signal) {
      const ended = Promise.withResolvers<void>();
      const stop = (): void => ended.resolve();
      fail = ended.reject;
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      for (const packet of held.splice(0)) writePacket(packet);
      write = writePacket;
      try {
        await ended.promise;
      } finally {
        clearInterval(timer);
        signal.removeEventListener('abort', stop);
        socket.close();
      }
    },
  };
}

/** Binds, and joins the group. Rejects with StreamError `unreachable`: port in use, no such address here, no such interface. */
async function bind(address: UdpAddress): Promise<Socket> {
  const { family, host, port, isMulticast, sender } = address;
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', reuseAddr: isMulticast });
  try {
    const listening = once(socket, 'listening');
    // A group as the address keeps datagrams of other groups out; Windows does not know that.
    const anyAddress = family === 6 ? '::' : '0.0.0.0';
    socket.bind(port, isMulticast && process.platform === 'win32' ? anyAddress : host);
    await listening;
    if (isMulticast && sender) socket.addSourceSpecificMembership(sender, host, address.interface);
    else if (isMulticast) socket.addMembership(host, address.interface);
  } catch (error) {
    socket.close();
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : message;
    throw new StreamError('unreachable', `UDP ${host} port ${port}: ${reason}`, error);
  }
  for (const bytes of RECEIVE_BUFFER_BYTES) {
    try {
      socket.setRecvBufferSize(bytes);
      break;
    } catch {
      // The system allows less: try the next one, or keep its default.
    }
  }
  return socket;
}
