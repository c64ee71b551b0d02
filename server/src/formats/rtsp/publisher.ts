/**
 * Pushes a stream to an RTSP server: `rtsp://`, `rtsps://`, `rtspx://`, with the options of a source (options.ts).
 *
 *   ANNOUNCE rtsp://server/name        Content-Type: application/sdp, what will be sent
 *   SETUP    …/trackID=n               Transport: RTP/AVP/TCP;unicast;interleaved=2n-2n+1;mode=record
 *   RECORD   …                         Range: npt=0.000-
 *   $ channel length RTP …             the packets that viewers by RTSP share: one write a frame, no copy
 *   OPTIONS | GET_PARAMETER            now and then
 *   TEARDOWN
 *
 * RFC 2326 §10.3, §10.4, §10.11, §12.39, §14.
 */
import { watch } from '../../core/broadcast.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import { createPeer, type Peer, type Viewer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { formatAddress } from '../../net/url.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { parseRtcp } from '../../rtp/rtcp.ts';
import { buildSdp } from '../../rtp/sdp.ts';
import { DEFAULT_PACKET_SIZE } from '../../rtp/sender.ts';
import type { Publish, PublishContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import type { RtspClient } from './client.ts';
import {
  createClient,
  DEFAULT_SESSION_SECONDS,
  expectOk,
  keepAliveMs,
  MAX_REDIRECTS,
  REDIRECTS,
  readSession,
  redirected,
  tearDown,
} from './client-session.ts';
import { controlUrl } from './control-url.ts';
import { keepAlive } from './keep-alive.ts';
import { header } from './message.ts';
import { parseOptions, type RtspOptions } from './options.ts';
import { createRtpOutput, formatOfTrack, type RtpMuxer } from './output.ts';
import { ChannelMap, type RtpChunk } from './output-chunk.ts';
import { checkFormats } from './server-viewer.ts';
import { formatTransport, type Pair, parseTransports } from './transport-header.ts';

/** A server that has taken our ANNOUNCE. */
interface Recorder {
  readonly client: RtspClient;
  readonly url: string;
  /** Settles when the server or the network ends it; never when we do. */
  readonly ended: Promise<StreamError>;
}

interface Plan {
  readonly options: RtspOptions;
  readonly formats: readonly RtpFormat[];
  readonly sdp: string;
  readonly requestKeyframe: () => void;
  readonly context: PublishContext;
}

export const publish: Publish = async (stream: Stream, target: SourceText, context: PublishContext) => {
  const { signal, services } = context;
  const options = parseOptions(target);
  if (options.lower === 'udp') throw new StreamError('unsupported', 'publishing by RTSP is by TCP only');
  const packetSize = Number(services.section('rtsp').pkt_size) || DEFAULT_PACKET_SIZE;
  const accepts = (['video', 'audio'] as const)
    .filter((kind) => options.kinds.has(kind))
    .map((kind) => ({ kind, codecs: [] }));
  const output = createRtpOutput(accepts, { packetSize });
  // Holds the camera until the viewer is in its place.
  const selection = await stream.select(output.accepts);
  try {
    signal.throwIfAborted();
    const formats = selection.liveTracks.map(({ track }, index) => formatOfTrack(track.codec, index));
    const medias = selection.liveTracks.map(({ track }, index) => ({
      kind: track.codec.kind,
      formats: [formats[index]!],
      // As in DESCRIBE: seen by who receives.
      direction: 'recvonly' as const,
      control: controlOf(index),
    }));
    const sdp = buildSdp({ name: stream.name, control: '', medias });
    const requestKeyframe = (): void => stream.requestKeyframe();
    await withRecorder({ options, formats, sdp, requestKeyframe, context }, async (viewer) => {
      const joined = await watch(stream, output, viewer, signal);
      selection.release();
      context.onPushing?.();
      return () => joined.close();
    });
  } catch (error) {
    if (!signal.aborted) throw toStreamError(error);
  } finally {
    selection.release();
  }
};

/** Announces, sets up and records; `join` attaches the viewer and returns what detaches it. Rejects when the recording ends. */
async function withRecorder(plan: Plan, join: (viewer: RecordViewer) => Promise<() => void>): Promise<void> {
  const { signal } = plan.context;
  const recorder = await announce(plan);
  const { client, url } = recorder;
  const abort = (): void => client.close();
  signal.addEventListener('abort', abort, { once: true });
  let stopKeepAlive = (): void => {};
  try {
    const { channels, timeoutSeconds } = await record(recorder, plan.formats.length);
    const viewer = new RecordViewer(client, plan, new ChannelMap(channels));
    stopKeepAlive = keepAlive(client, url, {
      intervalMs: keepAliveMs(timeoutSeconds),
      bytesReceived: () => client.bytesReceived,
      fail: (error) => viewer.close(error),
    });
    const leave = await join(viewer);
    signal.removeEventListener('abort', abort);
    const failure = await Promise.race([aborted(signal), recorder.ended, viewer.ended]);
    leave();
    if (failure) throw failure;
  } finally {
    signal.removeEventListener('abort', abort);
    stopKeepAlive();
    await tearDown(client, url);
  }
}

/** Connects and tells what will be sent; follows redirects. */
async function announce({ options, sdp, requestKeyframe, context }: Plan): Promise<Recorder> {
  const { signal, log } = context;
  let { address } = options;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { promise: ended, resolve } = Promise.withResolvers<StreamError>();
    const client = createClient(
      { ...options, address, log, signal },
      {
        // The server sends nothing but receiver reports, and asks for key frames.
        onFrame: (_channel, bytes, start, end) =>
          parseRtcp(bytes, start, end, { keyframeRequest: requestKeyframe }),
        onClose: resolve,
      },
    );
    await client.connect();
    const url = formatAddress(address);
    try {
      const headers = { 'Content-Type': 'application/sdp' };
      const response = await client.request('ANNOUNCE', url, headers, Buffer.from(sdp));
      if (!REDIRECTS.has(response.status)) {
        expectOk(response, 'ANNOUNCE');
        readSession(client, response);
        return { client, url, ended };
      }
      address = redirected(address, header(response, 'location'));
    } catch (error) {
      client.close();
      throw error;
    }
    client.close();
  }
  throw new StreamError('protocol', `more than ${MAX_REDIRECTS} redirects`);
}

interface Recording {
  /** By our channel, that of the server. */
  readonly channels: readonly number[];
  readonly timeoutSeconds: number;
}

async function record({ client, url }: Recorder, medias: number): Promise<Recording> {
  const channels: number[] = [];
  let timeoutSeconds = DEFAULT_SESSION_SECONDS;
  for (let media = 0; media < medias; media++) {
    const interleaved: Pair = [media * 2, media * 2 + 1];
    const offer = {
      lower: 'tcp',
      profile: 'RTP/AVP',
      multicast: false,
      interleaved,
      mode: 'record',
    } as const;
    const response = await client.request('SETUP', controlUrl(url, controlOf(media)), {
      Transport: formatTransport(offer),
    });
    expectOk(response, 'SETUP');
    timeoutSeconds = readSession(client, response) ?? timeoutSeconds;
    const answered = parseTransports(header(response, 'transport') ?? '')[0];
    if (answered?.lower === 'udp' && answered.serverPort)
      throw new StreamError('unsupported', 'the server answers tcp by udp');
    channels.push(...(answered?.interleaved ?? interleaved));
  }
  const response = await client.request('RECORD', url, { Range: 'npt=0.000-' });
  expectOk(response, 'RECORD');
  timeoutSeconds = readSession(client, response) ?? timeoutSeconds;
  return { channels, timeoutSeconds };
}

class RecordViewer implements Viewer<RtpChunk> {
  readonly peer: Peer;
  /** Why the stream has nothing more for it. */
  readonly ended: Promise<StreamError>;
  readonly #client: RtspClient;
  readonly #formats: readonly RtpFormat[];
  readonly #channels: ChannelMap;
  readonly #end: (error: StreamError) => void;

  constructor(client: RtspClient, { options, formats, sdp }: Plan, channels: ChannelMap) {
    this.#client = client;
    this.#formats = formats;
    this.#channels = channels;
    const { promise, resolve } = Promise.withResolvers<StreamError>();
    this.ended = promise;
    this.#end = resolve;
    this.peer = createPeer({
      format: 'rtsp',
      protocol: options.webSocket ? 'ws' : 'rtsp+tcp',
      remoteAddress: client.remoteAddress,
      url: formatAddress(options.address),
      sdp,
    });
  }

  get queuedBytes(): number {
    return this.#client.queuedBytes;
  }

  start(muxer: RtpMuxer): void {
    checkFormats(muxer, this.#formats);
  }

  write(chunk: RtpChunk): void {
    const channels = this.#channels;
    this.#client.send(channels.identical ? chunk.body[0] : chunk.withChannels(channels));
  }

  close(reason?: Error): void {
    this.#end(reason ? toStreamError(reason) : new StreamError('closed', 'the stream ended'));
  }
}

const controlOf = (media: number): string => `trackID=${media}`;

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
