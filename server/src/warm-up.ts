/**
 * Plays a camera that does not exist to a viewer that does not exist, once, when the server has started.
 *
 *   made-up packets → stream → RTSP server ═ loopback ═ RTSP source → stream → RTP output → nobody
 *
 * V8 compiles what is called often, and what happens 25 times a second takes a quarter of a minute to have been called
 * often. Without this the first viewer's first seconds cost twice what they cost later. To be called after a collection of
 * garbage rather than before: what V8 compiled for objects that are gone it throws away.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { aacCodec } from './codecs/aac.ts';
import type { Codec } from './codecs/codec.ts';
import { h264Codec } from './codecs/h264.ts';
import { ACCEPT_ANY } from './core/accepts.ts';
import { watch } from './core/broadcast.ts';
import { createPeer, type Producer, type Viewer } from './core/model.ts';
import { Stream } from './core/stream.ts';
import type { OpenSource } from './core/streams.ts';
import { createRtpOutput } from './formats/rtsp/output.ts';
import { startRtspServer } from './formats/rtsp/server.ts';
import { createLogger, type Logger } from './util/log.ts';

/** More than V8 wants to see of a function before it compiles it, less than what makes it compile it once more. */
const PICTURES = 1000;
const PICTURES_A_TURN = 4;
const PICTURES_A_GROUP = 50;
/** Small, so that it leaves little memory behind; in three packets, which are the first, the last, and all others. */
const PACKET_BYTES = 300;
const PICTURE_BYTES = 800;
const SOUND_BYTES = 100;
const TIMEOUT_MS = 5000;
/** H.264 of 64×64, AAC-LC of 16 kHz. */
const SPS = Buffer.from('674d400aeca2136022000003000200000300641e244b2c', 'hex');
const PPS = Buffer.from('68ebe3cb20', 'hex');
const AUDIO_CONFIG = Buffer.from('1408', 'hex');
const PEER = { format: 'warm-up', protocol: 'internal' };

const QUIET: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  enabled: () => false,
  with: () => QUIET,
};

/** Takes less than half a second of CPU, in steps of a few ms. Returns how many pictures came through; never rejects. */
export async function warmUp(open: OpenSource): Promise<number> {
  const streamOf = (source: string, openText: (text: string, signal: AbortSignal) => Promise<Producer>) =>
    new Stream({ name: 'warm-up', sources: [source], open: openText, log: QUIET, lingerMs: 0 });
  const camera = streamOf('made-up', async () => createCamera());
  const viewer = createViewer();
  let server: Awaited<ReturnType<typeof startRtspServer>> | undefined;
  let viewed: Stream | undefined;
  const timer = setTimeout(viewer.finish, TIMEOUT_MS);
  try {
    server = await startRtspServer({
      listen: '127.0.0.1:0',
      packetSize: PACKET_BYTES,
      streams: { get: () => camera },
      log: QUIET,
    });
    viewed = streamOf(server.base(), (text, signal) => open(text, 'warm-up', signal));
    await watch(viewed, createRtpOutput(ACCEPT_ANY, { packetSize: PACKET_BYTES }), viewer);
    await viewer.finished;
  } catch (error) {
    createLogger('app').debug('no warm-up', { error });
  } finally {
    clearTimeout(timer);
    viewed?.close();
    camera.close();
    await server?.close();
  }
  return viewer.pictures;
}

/** Sends as fast as the event loop turns; by its clock a picture a millisecond. */
function createCamera(): Producer {
  const video = { id: 0, codec: h264Codec([SPS], [PPS]) };
  const audio = { id: 1, codec: aacCodec(AUDIO_CONFIG)! };
  const keyPicture = createPicture(0x65);
  const picture = createPicture(0x41);
  const sound = Buffer.alloc(SOUND_BYTES);
  const ticks = ({ timeBase }: Codec, count: number): number => Math.round((count * timeBase) / 1000);
  return {
    peer: createPeer(PEER),
    tracks: [video, audio],
    async run(write, signal) {
      for (let count = 0; !signal.aborted; count++) {
        const key = count % PICTURES_A_GROUP === 0;
        const time = Date.now();
        const at = ticks(video.codec, count);
        const data = key ? keyPicture : picture;
        write({ track: video, data, pts: at, dts: at, duration: 0, key, time });
        const soundAt = ticks(audio.codec, count);
        write({ track: audio, data: sound, pts: soundAt, dts: soundAt, duration: 0, key: true, time });
        if (count % PICTURES_A_TURN === 0) await turn();
      }
    },
  };
}

/** One NAL unit of this header, behind its length. */
function createPicture(header: number): Buffer {
  const data = Buffer.alloc(PICTURE_BYTES);
  data.writeUInt32BE(PICTURE_BYTES - 4);
  data[4] = header;
  return data;
}

function createViewer(): Viewer & { pictures: number; readonly finished: Promise<void>; finish(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    peer: createPeer(PEER),
    queuedBytes: 0,
    pictures: 0,
    finished: promise,
    finish: resolve,
    start() {},
    write() {
      if (++this.pictures >= PICTURES) resolve();
    },
    close: () => resolve(),
  };
}
