/// <reference path="./hls-light.d.ts" />
/**
 * HLS: the first playlist comes over the socket, segments by HTTP. Seconds later than the others, but it passes
 * whatever lets web pages pass, and on iPhones it is what the system itself plays.
 *
 *   → {"type":"hls","value":"avc1.640029,…"}
 *   ← {"type":"hls","value":"#EXTM3U\n…\nhls/playlist.m3u8?id=…"}     beside `base`
 *
 * hls.js is loaded when it is needed; Safari plays by itself.
 */
import type Hls from 'hls.js';
import { supportedCodecs } from './mse.ts';
import type { StreamSocket } from './socket.ts';
import { text } from './texts.ts';
import {
  createVideo,
  onFirstFrame,
  play,
  releaseVideo,
  type Transport,
  type TransportEvents,
  type TransportOptions,
} from './transport.ts';

export interface HlsOptions extends TransportOptions {
  /** What the playlist's addresses stand beside. */
  readonly base: Promise<string>;
}

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** What Safari plays; asked with nothing, the server would leave out what MSE here lacks. */
const NATIVE_CODECS = 'avc1.640029,avc1.64002A,avc1.640033,hvc1.1.6.L153.B0,mp4a.40.2,mp4a.40.5,flac';
/** What was late at the start is caught up with; hls.js needs no worker for fragmented MP4. */
const HLS_OPTIONS = {
  lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1.1,
  backBufferLength: 20,
  enableWorker: false,
} as const;

export function openHls(socket: StreamSocket, options: HlsOptions, events: TransportEvents): Transport {
  const video = createVideo(options);
  const native = /Apple/.test(navigator.vendor) && video.canPlayType(PLAYLIST_TYPE) !== '';
  const codecs = native ? NATIVE_CODECS : supportedCodecs(options);
  let hls: Hls | undefined;
  let audio: boolean | undefined;
  let closed = false;

  const fail = (reason: string) => {
    if (!closed) events.failed(reason);
  };

  const start = async (playlist: string) => {
    audio = /CODECS="[^"]*(mp4a|opus|flac)/i.test(playlist);
    const path = playlist.split('\n').find((line) => line && !line.startsWith('#'));
    if (!path) throw new Error('the playlist is empty');
    const address = new URL(path.trim(), await options.base).href;
    if (native) {
      video.src = address;
    } else {
      const { default: Player } = await import('hls.js/light');
      if (closed) return;
      if (!Player.isSupported()) throw new Error(text('hlsMissing'));
      hls = new Player({ ...HLS_OPTIONS });
      hls.on(Player.Events.FRAG_LOADED, events.media);
      hls.on(Player.Events.ERROR, (_, { fatal, details }) => {
        if (fatal) fail(text('hlsFailed', { reason: details }));
      });
      hls.loadSource(address);
      hls.attachMedia(video);
    }
    await play(video, events.silenced);
  };

  socket.on('hls', (value) => {
    start(String(value)).catch((error: unknown) =>
      fail(text('hlsFailed', { reason: error instanceof Error ? error.message : String(error) })),
    );
  });
  video.addEventListener('error', () => fail(text('undecodable')));
  if (native) video.addEventListener('timeupdate', events.media);
  onFirstFrame(video, events.playing);
  if (codecs) socket.send('hls', codecs);
  else queueMicrotask(() => fail(text('hlsMissing')));

  return {
    mode: options.mode,
    element: video,
    get audio() {
      return audio;
    },
    latency() {
      if (hls) return hls.latency > 0 ? hls.latency : undefined;
      const { seekable } = video;
      return seekable.length > 0 ? seekable.end(seekable.length - 1) - video.currentTime : undefined;
    },
    async alive() {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return !video.paused && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    },
    close() {
      closed = true;
      hls?.destroy();
      releaseVideo(video);
    },
  };
}
