/**
 * One round of modes on one socket: opens them at once, lets the first picture be shown, hands over to a better one,
 * closes the losers, and tells when it all failed or broke.
 */
import type { StreamAddresses, Tier } from './addresses.ts';
import { openHls } from './hls.ts';
import { openMjpeg } from './mjpeg.ts';
import { openMp4 } from './mp4.ts';
import { openMse } from './mse.ts';
import {
  type Failure,
  GRACE_MS,
  isSourceFailure,
  isWebrtc,
  judge,
  type Mode,
  parseServerError,
  type Racer,
} from './policy.ts';
import { openSocket, type StreamSocket } from './socket.ts';
import { text } from './texts.ts';
import type { Transport, TransportEvents, TransportOptions } from './transport.ts';
import { openWebrtc, type WebrtcTransport } from './webrtc.ts';

export interface SessionOptions {
  readonly tier: Tier;
  readonly addresses: Promise<StreamAddresses>;
  readonly modes: readonly Mode[];
  readonly video: boolean;
  readonly audio: boolean;
  readonly muted: boolean;
  readonly volume: number;
  readonly microphone?: MediaStreamTrack | undefined;
}

export interface SessionEvents {
  /** A transport's element, to be put beneath what is shown now. */
  attach(element: Transport['element']): void;
  /** This one has a picture: show it instead of what was shown before, which is closed right after. */
  show(transport: Transport, failures: readonly Failure[]): void;
  /** Another mode of the race failed while one plays. */
  failuresChanged(failures: readonly Failure[]): void;
  silenced(): void;
  /** Over: no mode of the round plays, or what played is gone (`played`). Closed already. */
  ended(failures: readonly Failure[], played: boolean): void;
}

export interface Session {
  readonly tier: Tier;
  readonly shown: Transport | undefined;
  /** When media last came in, by Date.now(): that one goes on while the computer sleeps. */
  readonly lastMediaMs: number;
  close(): void;
}

/** A cold camera may take long to its first picture; after this the round counts as failed. */
const FIRST_PICTURE_MS = 20_000;
/** Once the server has an answer for one mode, the camera is not what the other waits for. */
const AFTER_FAILURE_MS = 8000;
/** A server that does not know `stop` goes on sending; after this the socket is closed, which it does know. */
const STOP_MS = 1000;

interface Entry {
  readonly transport: Transport;
  playing: boolean;
}

export function openSession(options: SessionOptions, events: SessionEvents): Session {
  const entries = new Map<Mode, Entry>();
  const failures: Failure[] = [];
  let shown: Transport | undefined;
  let firstPictureMs = 0;
  let lastMediaMs = Date.now();
  let graceTimer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const close = () => {
    ended = true;
    clearTimeout(firstTimer);
    clearTimeout(graceTimer);
    for (const { transport } of entries.values()) transport.close();
    entries.clear();
    socket.close();
  };

  const end = () => {
    if (ended) return;
    const played = shown !== undefined;
    ended = true;
    // Told before the elements go, so that the last frame can be kept.
    events.ended(failures, played);
    close();
  };

  const remove = (mode: Mode, reason: string) => {
    const entry = entries.get(mode);
    if (!entry || ended) return;
    failures.push({ mode, reason });
    const wasShown = shown === entry.transport;
    if (wasShown || entries.size === 1) {
      end();
      return;
    }
    entries.delete(mode);
    entry.transport.close();
    if (shown) events.failuresChanged(failures);
    decide();
  };

  const decide = () => {
    if (ended) return;
    const racers: Racer[] = [...entries].map(([mode, { playing, transport }]) => ({
      mode,
      progress: playing ? 'playing' : 'opening',
      audio: transport.audio,
    }));
    const waitedMs = firstPictureMs ? performance.now() - firstPictureMs : 0;
    const verdict = judge(racers, options.audio, waitedMs);
    const winner = verdict.show && entries.get(verdict.show)?.transport;
    if (winner && winner !== shown) {
      shown = winner;
      events.show(winner, failures);
    }
    for (const mode of verdict.drop) drop(mode);
  };

  const drop = (mode: Mode) => {
    const entry = entries.get(mode);
    if (!entry) return;
    entries.delete(mode);
    if (isWebrtc(mode)) {
      const reason = entry.playing
        ? text('noSoundByIt')
        : text('noConnectionWithin', { seconds: Math.round(GRACE_MS / 1000) });
      failures.push({ mode, reason });
      events.failuresChanged(failures);
    } else {
      stop(mode);
    }
    entry.transport.close();
  };

  /** Ends the media of a mode that lost; the socket stays open, so that the end of the server is noticed at once. */
  const stop = (mode: Mode) => {
    socket.send('stop', mode);
    const deadlineMs = performance.now() + STOP_MS;
    queueMicrotask(() => {
      socket.onBinary = () => {
        if (performance.now() > deadlineMs) socket.close();
      };
    });
  };

  const eventsOf = (mode: Mode): TransportEvents => ({
    playing() {
      const entry = entries.get(mode);
      if (!entry || ended) return;
      entry.playing = true;
      clearTimeout(firstTimer);
      if (!firstPictureMs) {
        firstPictureMs = performance.now();
        graceTimer = setTimeout(decide, GRACE_MS);
      }
      decide();
    },
    media() {
      lastMediaMs = Date.now();
    },
    silenced: events.silenced,
    failed: (reason) => remove(mode, reason),
  });

  /** What plays by WebRTC may go on without the socket (behind a proxy that cuts silent ones, say); nothing else can. */
  const onSocketClosed = async (reason: string) => {
    const survivor = shown;
    if (survivor?.alive && (await survivor.alive())) {
      for (const mode of entries.keys()) if (mode !== survivor.mode) remove(mode, reason);
      return;
    }
    for (const mode of entries.keys()) failures.push({ mode, reason });
    end();
  };

  const socket = openSocket(
    options.addresses.then((addresses) => addresses.socket),
    ({ opened, reason }) => void onSocketClosed(reason || text(opened ? 'serverClosed' : 'serverSilent')),
  );
  socket.on('error', (value) => {
    const { mode, text: reason } = parseServerError(String(value));
    const failed = options.modes.find((candidate) => candidate.split('/')[0] === mode);
    // Without a mode, or without a stream, it is about all of them.
    const about = failed && !isSourceFailure([{ mode: failed, reason }]) ? [failed] : options.modes;
    for (const candidate of about) remove(candidate, reason);
    if (!shown) expectPicture(AFTER_FAILURE_MS);
  });

  let firstTimer: ReturnType<typeof setTimeout> | undefined;
  const expectPicture = (withinMs: number) => {
    clearTimeout(firstTimer);
    if (ended) return;
    firstTimer = setTimeout(() => {
      for (const mode of options.modes) remove(mode, text('noPicture'));
    }, withinMs);
  };
  expectPicture(FIRST_PICTURE_MS);

  for (const mode of options.modes) {
    const transport = open(mode, socket, options, eventsOf(mode));
    entries.set(mode, { transport, playing: false });
    events.attach(transport.element);
  }

  return {
    tier: options.tier,
    get shown() {
      return shown;
    },
    get lastMediaMs() {
      return lastMediaMs;
    },
    close,
  };
}

function open(
  mode: Mode,
  socket: StreamSocket,
  options: SessionOptions,
  events: TransportEvents,
): Transport | WebrtcTransport {
  const common: TransportOptions = {
    mode,
    video: options.video,
    audio: options.audio,
    muted: options.muted,
    volume: options.volume,
  };
  switch (mode) {
    case 'webrtc':
    case 'webrtc/tcp':
      return openWebrtc(
        socket,
        { ...common, iceServers: iceServersOf(options.addresses), microphone: options.microphone },
        events,
      );
    case 'mse':
      return openMse(socket, common, events);
    case 'mp4':
      return openMp4(socket, common, events);
    case 'hls': {
      const base = options.addresses.then((addresses) => addresses.base);
      // Without an address the socket fails, and with it all that runs over it.
      base.catch(() => undefined);
      return openHls(socket, { ...common, base }, events);
    }
    case 'mjpeg':
      return openMjpeg(socket, common, events);
  }
}

/** None, where there are no addresses at all: then the socket fails and says why. */
function iceServersOf(addresses: Promise<StreamAddresses>): Promise<readonly RTCIceServer[]> {
  return addresses.then(
    ({ iceServers = [] }) => iceServers,
    () => [],
  );
}
