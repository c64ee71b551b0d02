/**
 * The handshake as DTLS carries it over datagrams (RFC 6347 §4.2): messages in order, in fragments, repeated until answered.
 *
 *   │ type 8 │ length 24 │ message_seq 16 │ fragment_offset 24 │ fragment_length 24 │ fragment …
 *
 * A flight is what one side sends before it waits for the other. It is sent again when nothing comes for a while, or when
 * the other side repeats what came before it.
 */
import { StreamError } from '../../core/errors.ts';
import { HANDSHAKE } from './messages.ts';
import { type CipherState, CONTENT_TYPE, encodeRecord } from './record.ts';

const HEADER_BYTES = 12;
const DATAGRAM_BYTES = 1200;
/** What a record and GCM add to a fragment. */
const OVERHEAD_BYTES = 13 + 8 + 16;
const MAX_FRAGMENT_BYTES = DATAGRAM_BYTES - OVERHEAD_BYTES - HEADER_BYTES;
/** Certificate chains of peers are one certificate of a few hundred bytes. */
const MAX_MESSAGE_BYTES = 1 << 15;
const MAX_MESSAGES_AHEAD = 16;
const MAX_FRAGMENTS = 64;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 2000;
const REPEAT_PAUSE_MS = 50;

/** One record of a flight. */
interface FlightRecord {
  readonly type: number;
  readonly epoch: number;
  readonly fragment: Buffer;
}

interface Partial {
  readonly type: number;
  readonly body: Buffer;
  readonly fragments: { readonly start: number; readonly end: number }[];
}

export interface FlightHandlers {
  send(datagram: Buffer): void;
  /** A whole message, in order. Fails with StreamError when it must not come now. */
  onMessage(type: number, body: Buffer): void;
  /** That message is part of the transcript now. */
  onDelivered(type: number): void;
}

export class FlightLayer {
  readonly #handlers: FlightHandlers;
  readonly #ahead = new Map<number, Partial>();
  #transcript: Buffer[] = [];
  #flight: FlightRecord[] = [];
  #sendSequence = 0;
  #receiveSequence = 0;
  #recordSequences: [number, number] = [0, 0];
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #repeatedMs = 0;
  /** Protects what we send in epoch 1. */
  cipher: CipherState | undefined;

  constructor(handlers: FlightHandlers) {
    this.#handlers = handlers;
  }

  /** All messages so far, ours and the peer's, as Finished covers them. */
  get transcript(): Buffer {
    return Buffer.concat(this.#transcript);
  }

  /** HelloVerifyRequest: the exchange so far does not count (RFC 6347 §4.2.1). */
  forgetTranscript(): void {
    this.#transcript = [];
  }

  /** Begins a flight: the last one was answered. */
  begin(): void {
    this.#flight = [];
    this.#retryMs = FIRST_RETRY_MS;
  }

  /** Adds a message to the flight and to the transcript. */
  add(type: number, body: Buffer, epoch: 0 | 1 = 0): void {
    const sequence = this.#sendSequence++;
    this.#transcript.push(Buffer.concat([header(type, body.length, sequence, 0, body.length), body]));
    for (let start = 0; start === 0 || start < body.length; start += MAX_FRAGMENT_BYTES) {
      const piece = body.subarray(start, start + MAX_FRAGMENT_BYTES);
      const fragment = Buffer.concat([header(type, body.length, sequence, start, piece.length), piece]);
      this.#flight.push({ type: CONTENT_TYPE.handshake, epoch, fragment });
    }
  }

  addChangeCipherSpec(): void {
    this.#flight.push({ type: CONTENT_TYPE.changeCipherSpec, epoch: 0, fragment: Buffer.from([1]) });
  }

  /** Sends the flight, again and again unless it is the last of the handshake. */
  send(isLast = false): void {
    this.#transmit();
    clearTimeout(this.#timer);
    if (isLast) return;
    this.#timer = setTimeout(() => {
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
      this.send();
    }, this.#retryMs);
  }

  /** Nothing is sent again by itself any more. */
  settle(): void {
    clearTimeout(this.#timer);
  }

  /** The bytes of one record, in the highest epoch that we have keys for. */
  record(type: number, fragment: Buffer, epoch: 0 | 1 = this.cipher ? 1 : 0): Buffer {
    const sequence = this.#recordSequences[epoch]++;
    return encodeRecord(type, epoch, sequence, fragment, epoch === 1 ? this.cipher : undefined);
  }

  /** The plain fragment of a handshake record. */
  receive(bytes: Buffer): void {
    for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
      const type = bytes[at]!;
      const length = bytes.readUIntBE(at + 1, 3);
      const sequence = bytes.readUInt16BE(at + 4);
      const start = bytes.readUIntBE(at + 6, 3);
      const end = start + bytes.readUIntBE(at + 9, 3);
      const body = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + end - start);
      if (body.length < end - start || end > length || length > MAX_MESSAGE_BYTES)
        throw new StreamError('protocol', 'DTLS: the peer sent a message that is too long or cut off');
      at += HEADER_BYTES + body.length;
      if (sequence < this.#receiveSequence) this.repeat();
      else if (sequence < this.#receiveSequence + MAX_MESSAGES_AHEAD)
        this.#collect(type, length, sequence, start, body);
    }
    this.#deliver();
  }

  /** The peer sends again what we answered: the answer was lost. */
  repeat(): void {
    const now = performance.now();
    if (this.#flight.length === 0 || now - this.#repeatedMs < REPEAT_PAUSE_MS) return;
    this.#repeatedMs = now;
    this.#transmit();
  }

  #collect(type: number, length: number, sequence: number, start: number, body: Buffer): void {
    let message = this.#ahead.get(sequence);
    if (!message) {
      message = { type, body: Buffer.alloc(length), fragments: [] };
      this.#ahead.set(sequence, message);
    }
    if (message.type !== type || message.body.length !== length || message.fragments.length >= MAX_FRAGMENTS)
      return;
    body.copy(message.body, start);
    message.fragments.push({ start, end: start + body.length });
  }

  #deliver(): void {
    for (;;) {
      const sequence = this.#receiveSequence;
      const message = this.#ahead.get(sequence);
      if (!message || !isWhole(message)) return;
      this.#ahead.delete(sequence);
      this.#receiveSequence++;
      const { type, body } = message;
      const entry = Buffer.concat([header(type, body.length, sequence, 0, body.length), body]);
      // Finished and CertificateVerify cover what came before them.
      const covers = type === HANDSHAKE.finished || type === HANDSHAKE.certificateVerify;
      if (!covers) this.#transcript.push(entry);
      this.#handlers.onMessage(type, body);
      if (covers) this.#transcript.push(entry);
      this.#handlers.onDelivered(type);
    }
  }

  /** Packs the records of the flight into as few datagrams as fit. */
  #transmit(): void {
    let datagram: Buffer[] = [];
    let bytes = 0;
    for (const { type, epoch, fragment } of this.#flight) {
      const record = this.record(type, fragment, epoch as 0 | 1);
      if (bytes > 0 && bytes + record.length > DATAGRAM_BYTES) {
        this.#handlers.send(Buffer.concat(datagram));
        datagram = [];
        bytes = 0;
      }
      datagram.push(record);
      bytes += record.length;
    }
    if (bytes > 0) this.#handlers.send(Buffer.concat(datagram));
  }
}

function header(type: number, length: number, sequence: number, start: number, size: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes[0] = type;
  bytes.writeUIntBE(length, 1, 3);
  bytes.writeUInt16BE(sequence, 4);
  bytes.writeUIntBE(start, 6, 3);
  bytes.writeUIntBE(size, 9, 3);
  return bytes;
}

function isWhole({ body, fragments }: Partial): boolean {
  let reached = 0;
  for (const { start, end } of fragments.toSorted((a, b) => a.start - b.start)) {
    if (start > reached) return false;
    reached = Math.max(reached, end);
  }
  return fragments.length > 0 && reached === body.length;
}
