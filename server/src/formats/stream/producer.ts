/**
 * A stream of this server as the source of another: `stream:NAME`, or the bare name.
 *
 *   yard: rtsp://camera/main
 *   yard_loud: [yard#media=video, ffmpeg:yard#audio=opus]
 *
 * Packets pass by reference; only the small Packet object is made anew, since the other stream has a time line of its own.
 */

import { StreamError } from '../../core/errors.ts';
import { HeldInput } from '../../core/held-input.ts';
import {
  type Accepts,
  type Consumer,
  createPeer,
  type Producer,
  type Track,
  type WritePacket,
} from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';

const KINDS = ['video', 'audio'] as const;

/** Opens a stream by name; `#media=video` or `#media=audio` takes only that kind. */
export async function open(source: SourceText, context: OpenContext): Promise<Producer> {
  const name = source.rest;
  if (name === context.stream) {
    throw new StreamError('invalid_source', `stream ${name} cannot be its own source`);
  }
  const stream = context.services.streams.require(name);
  const media = source.options.get('media');
  const accepts: Accepts = KINDS.filter((kind) => !media || media.includes(kind)).map((kind) => ({
    kind,
    codecs: [],
    all: true,
  }));
  const relay = new Relay(stream, accepts);
  await relay.attach();
  return relay;
}

/** Consumer of one stream, producer of another. */
class Relay implements Consumer, Producer {
  readonly peer;
  readonly accepts: Accepts;
  readonly #stream: Stream;
  readonly #input = new HeldInput();
  #tracks: readonly Track[] = [];

  constructor(stream: Stream, accepts: Accepts) {
    this.#stream = stream;
    this.accepts = accepts;
    this.peer = createPeer({ format: 'stream', protocol: 'internal', url: `stream:${stream.name}` });
  }

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  attach(): Promise<void> {
    return this.#stream.attach(this);
  }

  start(tracks: readonly Track[]): void {
    this.#tracks = tracks;
  }

  readonly write: WritePacket = (packet) => {
    this.peer.bytesReceived += packet.data.length;
    this.#input.write({ ...packet });
  };

  close(reason?: Error): void {
    this.#input.end(reason ?? new StreamError('closed', `stream ${this.#stream.name} ended`));
  }

  async run(write: WritePacket, signal: AbortSignal): Promise<void> {
    try {
      await this.#input.run(this.#tracks, write, signal);
    } finally {
      this.#stream.detach(this);
    }
  }

  requestKeyframe(): void {
    this.#stream.requestKeyframe();
  }
}
