/**
 * One RTMP connection, either end of it: handshake, then messages. It keeps the protocol's own house (chunk sizes,
 * acknowledgements, pings) and hands on commands and media.
 *
 * Source of truth: "Adobe's Real Time Messaging Protocol 1.0" §5.2, §5.4, §7.1, §7.2.
 *
 *   client  C0 C1 ─→         ←─ S0 S1 S2         C2 ─→        connect ─→        ←─ _result …
 */
import { StreamError } from '../../core/errors.ts';
import { type AmfValue, decodeAmf0, encodeAmf0 } from '../flv/amf0.ts';
import { ChunkReader } from './chunk-reader.ts';
import { chunkMessage } from './chunk-writer.ts';
import { answerC1, answerS1, createC1, HANDSHAKE_BYTES, VERSION } from './handshake.ts';
import {
  CHUNK_STREAM,
  EVENT,
  MESSAGE_TYPE,
  type Message,
  splitAggregate,
  uint32,
  userControl,
} from './message.ts';

/** A call, or the answer to one (`_result`, `_error`), or a status (`onStatus`). */
export interface Command {
  readonly name: string;
  readonly transaction: number;
  /** Command object and arguments. */
  readonly values: readonly AmfValue[];
  readonly streamId: number;
}

export interface ConnectionHandlers {
  write(bytes: Buffer): void;
  /** The handshake is done. */
  onReady(): void;
  onCommand(command: Command): void;
  /** Audio, video, and script data. */
  onMedia(message: Message): void;
  /** The stream of the other side has ended (StreamEOF). */
  onEof?(): void;
}

export const WINDOW_BYTES = 2_500_000;

export class RtmpConnection {
  readonly #handlers: ConnectionHandlers;
  readonly #reader = new ChunkReader((message) => this.#message(message));
  /** The part of the handshake that is awaited, and what follows it. */
  #awaited: { bytes: Buffer; filled: number; next: (bytes: Buffer) => void } | undefined;
  #windowBytes = WINDOW_BYTES;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;

  constructor(side: 'client' | 'server', handlers: ConnectionHandlers) {
    this.#handlers = handlers;
    if (side === 'server') this.#await(1 + HANDSHAKE_BYTES, (bytes) => this.#answerC1(bytes));
    else {
      this.#await(1 + HANDSHAKE_BYTES, (bytes) => this.#answerS1(bytes));
      handlers.write(Buffer.concat([Buffer.from([VERSION]), createC1()]));
    }
  }

  /** Takes `bytes[start, end)`, which are lent. Throws StreamError for what is not RTMP. */
  push(bytes: Buffer, start = 0, end = bytes.length): void {
    let at = start;
    while (this.#awaited && at < end) {
      const awaited = this.#awaited;
      const copied = bytes.copy(awaited.bytes, awaited.filled, at, end);
      awaited.filled += copied;
      at += copied;
      if (awaited.filled < awaited.bytes.length) return;
      this.#awaited = undefined;
      awaited.next(awaited.bytes);
    }
    if (at === end) return;
    this.#receivedBytes += end - start;
    this.#reader.push(bytes, at, end);
    if (this.#receivedBytes - this.#acknowledgedBytes < this.#windowBytes) return;
    this.#acknowledgedBytes = this.#receivedBytes;
    this.control(MESSAGE_TYPE.acknowledgement, uint32(this.#receivedBytes));
  }

  /** Sends a command. */
  command(streamId: number, ...values: readonly AmfValue[]): void {
    this.#send(CHUNK_STREAM.command, MESSAGE_TYPE.commandAmf0, streamId, encodeAmf0(...values));
  }

  /** Sends a protocol control or user control message. */
  control(type: number, body: Buffer): void {
    this.#send(CHUNK_STREAM.control, type, 0, body);
  }

  #send(chunkStream: number, type: number, streamId: number, body: Buffer): void {
    this.#handlers.write(chunkMessage({ chunkStream, type, streamId, timestamp: 0 }, body));
  }

  #await(length: number, next: (bytes: Buffer) => void): void {
    this.#awaited = { bytes: Buffer.alloc(length), filled: 0, next };
  }

  #answerC1(bytes: Buffer): void {
    requireVersion(bytes[0]!);
    const { s1, s2 } = answerC1(bytes.subarray(1));
    this.#handlers.write(Buffer.concat([Buffer.from([VERSION]), s1, s2]));
    this.#await(HANDSHAKE_BYTES, () => this.#handlers.onReady());
  }

  #answerS1(bytes: Buffer): void {
    requireVersion(bytes[0]!);
    this.#handlers.write(answerS1(bytes.subarray(1)));
    this.#await(HANDSHAKE_BYTES, () => this.#handlers.onReady());
  }

  #message(message: Message): void {
    const { type, body } = message;
    switch (type) {
      case MESSAGE_TYPE.windowAcknowledgementSize:
        if (body.length >= 4) this.#windowBytes = Math.max(1, body.readUInt32BE(0));
        break;
      case MESSAGE_TYPE.setPeerBandwidth:
        this.control(MESSAGE_TYPE.windowAcknowledgementSize, uint32(WINDOW_BYTES));
        break;
      case MESSAGE_TYPE.userControl:
        this.#userControl(body);
        break;
      case MESSAGE_TYPE.commandAmf0:
        this.#command(message, 0);
        break;
      case MESSAGE_TYPE.commandAmf3:
        this.#command(message, 1);
        break;
      case MESSAGE_TYPE.audio:
      case MESSAGE_TYPE.video:
      case MESSAGE_TYPE.script:
        this.#handlers.onMedia(message);
        break;
      case MESSAGE_TYPE.dataAmf3:
        this.#handlers.onMedia({ ...message, type: MESSAGE_TYPE.script, body: body.subarray(1) });
        break;
      case MESSAGE_TYPE.aggregate:
        for (const part of splitAggregate(message)) this.#message(part);
    }
  }

  #userControl(body: Buffer): void {
    if (body.length < 6) return;
    const event = body.readUInt16BE(0);
    if (event === EVENT.pingRequest)
      this.control(MESSAGE_TYPE.userControl, userControl(EVENT.pingResponse, body.subarray(2, 6)));
    if (event === EVENT.streamEof) this.#handlers.onEof?.();
  }

  #command({ streamId, body }: Message, start: number): void {
    const [name, transaction, ...values] = decodeAmf0(body, start);
    if (typeof name !== 'string') return;
    this.#handlers.onCommand({
      name,
      transaction: typeof transaction === 'number' ? transaction : 0,
      values,
      streamId,
    });
  }
}

function requireVersion(version: number): void {
  if (version !== VERSION) throw new StreamError('protocol', `not RTMP: it begins with ${version}`);
}

/** A member of an AMF object, if it is a text. */
export function textOf(value: AmfValue, member: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const text = (value as { readonly [key: string]: AmfValue })[member];
  return typeof text === 'string' ? text : undefined;
}

/** The texts of a list that is a member of an AMF object; [] where there is none. */
export function textsOf(value: AmfValue, member: string): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const list = (value as { readonly [key: string]: AmfValue })[member];
  return Array.isArray(list) ? list.filter((text) => typeof text === 'string') : [];
}
