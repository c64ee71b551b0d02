/**
 * Media Source Extensions: fragmented MP4 over the socket into a SourceBuffer.
 *
 *   → {"type":"mse","value":"avc1.640029,…,opus"}            what this browser decodes
 *   ← {"type":"mse","value":"video/mp4; codecs=\"avc1.64001f,mp4a.40.2\""}
 *   ← init segment · moof+mdat · moof+mdat …                 first everything since the last key frame, then live
 *
 * A later init segment (the camera changed its resolution) goes into the same buffer, on the same time line.
 */
import { createLiveEdge, TARGET } from './live-edge.ts';
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

const VIDEO_CODECS = ['avc1.640029', 'avc1.64002A', 'avc1.640033', 'hvc1.1.6.L153.B0'];
const AUDIO_CODECS = ['mp4a.40.2', 'mp4a.40.5', 'flac', 'opus'];

/** More than this waiting for the decoder means that the browser can't keep up. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
/**
 * Seconds that stay buffered behind the playhead. Long: what depends on a removed key frame is removed with it,
 * and the picture that plays may depend on one from many seconds ago.
 */
const KEEP_BEHIND = 20;
/** Playback begins when this much is buffered … */
const RESERVE = 0.15;
/** … or this long after the first data. */
const RESERVE_MS = 500;
/** Seconds between the playhead and the newest range that browsers bridge by themselves. */
const GAP = 0.1;
const CHECK_MS = 250;
const STALL_MS = 1000;

interface MediaSourceClass {
  new (): MediaSource;
  isTypeSupported(type: string): boolean;
}

/** The browser's MediaSource, or ManagedMediaSource where it has only that (iPhone). */
function mediaSourceClass(): MediaSourceClass | undefined {
  const scope = globalThis as { MediaSource?: MediaSourceClass; ManagedMediaSource?: MediaSourceClass };
  return scope.MediaSource ?? scope.ManagedMediaSource;
}

/** What this browser decodes in fragmented MP4, as the server's codec list. */
export function supportedCodecs(want: { readonly video: boolean; readonly audio: boolean }): string {
  const Source = mediaSourceClass();
  return [...(want.video ? VIDEO_CODECS : []), ...(want.audio ? AUDIO_CODECS : [])]
    .filter((codec) => Source?.isTypeSupported(`video/mp4; codecs="${codec}"`))
    .join();
}

export function openMse(socket: StreamSocket, options: TransportOptions, events: TransportEvents): Transport {
  const video = createVideo(options);
  const edge = createLiveEdge();
  const queue: Uint8Array<ArrayBuffer>[] = [];
  let queuedBytes = 0;
  let source: MediaSource | undefined;
  let buffer: SourceBuffer | undefined;
  let audio: boolean | undefined;
  let firstDataMs = 0;
  let started = false;
  let closed = false;
  let refused = 0;
  let stalledSinceMs = 0;
  let lastTime = -1;

  const fail = (reason: string) => {
    if (!closed) events.failed(reason);
  };
  /** The newest buffered range; empty at 0 before the first data. */
  const newest = () => {
    const ranges = buffer?.buffered;
    const last = (ranges?.length ?? 0) - 1;
    return last < 0 ? { start: 0, end: 0 } : { start: ranges!.start(last), end: ranges!.end(last) };
  };
  const slack = () => newest().end - video.currentTime;
  const outside = () => video.currentTime < newest().start - GAP || slack() < -GAP;

  const jump = () => {
    const { start, end } = newest();
    video.currentTime = Math.max(start, end - TARGET);
  };

  /** Appends all that waits, in one call. */
  const pump = () => {
    if (closed || !buffer || buffer.updating || source!.readyState !== 'open') return;
    if (queue.length === 0 || trim()) return;
    try {
      if (started) edge.sample(performance.now(), slack());
      buffer.appendBuffer(queue.length === 1 ? queue[0]! : concat(queue));
      queue.length = queuedBytes = refused = 0;
    } catch (error) {
      recover(error);
    }
  };

  /** The buffer is full: drop what was played, then everything; then give up. */
  const recover = (error: unknown) => {
    const full = error instanceof DOMException && error.name === 'QuotaExceededError';
    if (!full || ++refused > 2 || !buffer || buffer.updating) {
      fail(text('refusedVideo', { reason: error instanceof Error ? error.message : String(error) }));
      return;
    }
    buffer.remove(0, refused === 1 ? Math.max(0.1, video.currentTime - 1) : Number.POSITIVE_INFINITY);
  };

  const trim = (): boolean => {
    const start = buffer!.buffered.length > 0 ? buffer!.buffered.start(0) : 0;
    if (video.currentTime - start < KEEP_BEHIND * 2) return false;
    buffer!.remove(0, video.currentTime - KEEP_BEHIND);
    return true;
  };

  const onUpdateEnd = () => {
    if (closed || !buffer) return;
    if (buffer.buffered.length > 0) {
      const nowMs = performance.now();
      firstDataMs ||= nowMs;
      if (edge.shouldJump(nowMs, slack()) || outside()) jump();
      if (!started && (slack() >= RESERVE || nowMs - firstDataMs > RESERVE_MS)) start();
      if (started && Math.abs(video.playbackRate - edge.rate) > 0.005) video.playbackRate = edge.rate;
    }
    pump();
  };

  const start = () => {
    started = true;
    void play(video, events.silenced);
  };

  /** A playhead that stands still with data ahead sits before a gap, or the decoder choked: go to the edge. */
  const check = () => {
    if (!buffer || buffer.updating || buffer.buffered.length === 0) return;
    const nowMs = performance.now();
    if (!started && nowMs - firstDataMs > RESERVE_MS) start();
    if (!started || video.currentTime !== lastTime || slack() < TARGET) {
      stalledSinceMs = nowMs;
      lastTime = video.currentTime;
    } else if (nowMs - stalledSinceMs > STALL_MS) {
      stalledSinceMs = nowMs;
      jump();
      if (video.paused) start();
    }
  };

  socket.on('mse', (value) => {
    if (buffer) return;
    const contentType = String(value);
    audio = /mp4a|opus|flac|mp3|ac-3|ec-3/i.test(contentType);
    try {
      buffer = source!.addSourceBuffer(contentType);
    } catch {
      fail(text('refusedType', { type: contentType }));
      return;
    }
    buffer.mode = 'segments';
    buffer.addEventListener('updateend', onUpdateEnd);
    buffer.addEventListener('error', () => fail(text('undecodable')));
    pump();
  });
  socket.onBinary = (bytes) => {
    events.media();
    queue.push(bytes);
    queuedBytes += bytes.length;
    if (queuedBytes > MAX_QUEUED_BYTES) fail(text('tooSlow'));
    else pump();
  };

  const Source = mediaSourceClass();
  const codecs = supportedCodecs(options);
  if (!Source || !codecs) {
    queueMicrotask(() => fail(text('mseMissing')));
  } else {
    source = new Source();
    // The server's answer needs an open source to go into.
    source.addEventListener('sourceopen', () => socket.send('mse', codecs), { once: true });
    const managed = !('MediaSource' in globalThis);
    if (managed) {
      video.disableRemotePlayback = true;
      video.srcObject = source;
    } else {
      video.src = URL.createObjectURL(source);
      source.addEventListener('sourceopen', () => URL.revokeObjectURL(video.src), { once: true });
    }
    video.addEventListener('error', () => fail(text('undecodable')));
    onFirstFrame(video, events.playing);
  }
  const timer = setInterval(check, CHECK_MS);

  return {
    mode: options.mode,
    element: video,
    get audio() {
      return audio;
    },
    latency: () => (started && buffer?.buffered.length ? Math.max(0, slack()) : undefined),
    close() {
      closed = true;
      clearInterval(timer);
      queue.length = 0;
      socket.onBinary = undefined;
      releaseVideo(video);
    },
  };
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
