/**
 * RTMP messages: their types, and the control messages among them.
 *
 * Source of truth: "Adobe's Real Time Messaging Protocol 1.0" §5.4 (protocol control), §6.2 (user control), §7.1 (types).
 */
import { TAG_TYPE } from '../flv/tag.ts';

export const MESSAGE_TYPE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  ...TAG_TYPE,
  dataAmf3: 15,
  commandAmf3: 17,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** User control event types (§6.2). */
export const EVENT = {
  streamBegin: 0,
  streamEof: 1,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/** Chunk streams that we write on; any would do, these are what others use. */
export const CHUNK_STREAM = { control: 2, command: 3, video: 6, audio: 4, data: 5 } as const;

/** A whole message; its body belongs to who receives it. */
export interface Message {
  readonly type: number;
  /** 0 for control and connection; from 1 on what createStream gave. */
  readonly streamId: number;
  /** ms, 32 bits. */
  readonly timestamp: number;
  readonly body: Buffer;
}

/** Body of a control message of one 32-bit number. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Body of a user control message: event type, then its data. */
export function userControl(event: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([event >> 8, event & 0xff]), data]);
}

const TAG_HEAD_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/**
 * The messages in an aggregate message (§7.1.6): FLV tags with their sizes behind them. Times are shifted so that the
 * first has that of the aggregate. Stops where the bytes are corrupt.
 */
export function splitAggregate({ streamId, timestamp, body }: Message): Message[] {
  const messages: Message[] = [];
  let shift: number | undefined;
  for (let at = 0; at + TAG_HEAD_BYTES <= body.length; ) {
    const type = body[at]!;
    const start = at + TAG_HEAD_BYTES;
    const end = start + body.readUIntBE(at + 1, 3);
    if (end > body.length || type === MESSAGE_TYPE.aggregate) break;
    const time = ((body[at + 7]! << 24) | body.readUIntBE(at + 4, 3)) >>> 0;
    shift ??= timestamp - time;
    messages.push({ type, streamId, timestamp: (time + shift) >>> 0, body: body.subarray(start, end) });
    at = end + BACK_POINTER_BYTES;
  }
  return messages;
}
