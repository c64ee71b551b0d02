/**
 * Sending with AES_CM_128_HMAC_SHA1_80 (RFC 3711), a frame at a time: this is what a WebRTC viewer costs.
 *
 *   block (shared) ─load─▶ module memory ─counters─▶ AES-128-ECB, one call for the frame ─▶ protect ─▶ datagrams
 *
 * The block stays in the module's memory while viewer after viewer protects it with keys of its own.
 */
import { type BlockCipher, createBlockCipher } from './aes-ecb.ts';
import { INTERLEAVED_BYTES, packetLength, type RtpBlock } from './block.ts';
import type { SrtpSessionKeys } from './srtp-keys.ts';
import type { ProtectedPackets, SrtpSender, SrtpSenderOptions } from './srtp-sender.ts';
import * as at from './wasm/layout.ts';
import { SRTP_WASM } from './wasm/srtp.generated.ts';

/** TypeScript declares this in its library of the browser only. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface SrtpModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  absorb(to: number): void;
  counters(from: number, packets: number, roc: number, sequence: number): number;
  protect(
    from: number,
    packets: number,
    roc: number,
    sequence: number,
    ssrc: number,
    payloadType: number,
    delta: number,
  ): void;
}

const SHA1_BLOCK = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

const module = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(SRTP_WASM, 'base64')))
  .exports as SrtpModule;
const memory = new Uint8Array(module.memory.buffer);
const bytes = Buffer.from(module.memory.buffer);
const keystream = memory.subarray(at.KEYSTREAM, at.SLOTS);
const lengthWords = new Uint32Array(module.memory.buffer, at.LENGTHS, at.BATCH);

const packets = {
  bytes,
  offsets: new Array<number>(at.BATCH).fill(0),
  lengths: new Array<number>(at.BATCH).fill(0),
  count: 0,
};

let loaded: RtpBlock | undefined;

/** Brings packets [first, first + count) of a block into the module's memory and returns where the first one lies. */
function load(block: RtpBlock, first: number, count: number): number {
  const { offsets } = block;
  if (block.bytes.length <= at.SOURCE_BYTES) {
    if (loaded !== block) {
      refuseLongPackets(block, 0, offsets.length);
      memory.set(block.bytes, at.SOURCE);
      loaded = block;
    }
    return at.SOURCE + offsets[first]!;
  }
  refuseLongPackets(block, first, count);
  loaded = undefined;
  memory.set(block.bytes.subarray(offsets[first]!, offsets[first + count] ?? block.bytes.length), at.SOURCE);
  return at.SOURCE;
}

function refuseLongPackets({ bytes, offsets }: RtpBlock, first: number, count: number): void {
  for (let index = first; index < first + count; index++) {
    if (packetLength(bytes, offsets[index]!) > at.MAX_PACKET)
      throw new RangeError(`RTP packet of more than ${at.MAX_PACKET} bytes`);
    const next = offsets[index]! + INTERLEAVED_BYTES + packetLength(bytes, offsets[index]!);
    if (next !== (offsets[index + 1] ?? next)) throw new RangeError('RTP packets are not back to back');
  }
}

/** HMAC states behind the inner and the outer pad of a key, as the module wants them. */
function hmacStates(authKey: Buffer): Uint8Array {
  const half = at.HMAC_STATES_BYTES / 2;
  const absorb = (pad: number, to: number): void => {
    for (let index = 0; index < SHA1_BLOCK; index++) memory[at.PAD + index] = (authKey[index] ?? 0) ^ pad;
    module.absorb(to);
  };
  absorb(INNER_PAD, at.HMAC_STATES);
  absorb(OUTER_PAD, at.HMAC_STATES + half);
  memory.fill(0, at.PAD, at.PAD + SHA1_BLOCK);
  return memory.slice(at.HMAC_STATES, at.HMAC_STATES + at.HMAC_STATES_BYTES);
}

export class AesCmSender implements SrtpSender {
  readonly #cipher: BlockCipher;
  readonly #states: Uint8Array;
  readonly #iv: Buffer;
  readonly #ssrc: number;
  readonly #payloadType: number;

  constructor(keys: SrtpSessionKeys, { ssrc, payloadType }: SrtpSenderOptions) {
    this.#cipher = createBlockCipher(keys.cipherKey);
    this.#states = hmacStates(keys.authKey.export());
    this.#iv = Buffer.alloc(at.AES_BLOCK);
    keys.salt.copy(this.#iv);
    this.#iv.writeUInt32BE((this.#iv.readUInt32BE(4) ^ ssrc) >>> 0, 4);
    this.#ssrc = ssrc;
    this.#payloadType = payloadType;
  }

  protect(block: RtpBlock, first: number, index: number, delta: number): ProtectedPackets {
    const count = Math.min(block.offsets.length - first, at.BATCH);
    const from = load(block, first, count);
    const roc = Math.floor(index / 0x10000) >>> 0;
    const sequence = index & 0xffff;
    memory.set(this.#iv, at.IV);
    memory.set(this.#states, at.HMAC_STATES);
    const counterBytes = module.counters(from, count, roc, sequence);
    this.#cipher.encrypt(memory.subarray(at.COUNTERS, at.COUNTERS + counterBytes), keystream);
    module.protect(from, count, roc, sequence, this.#ssrc, this.#payloadType, delta);
    packets.count = count;
    for (let i = 0, offset = at.OUTPUT; i < count; i++) {
      const length = lengthWords[i]! + at.TAG_BYTES;
      packets.offsets[i] = offset;
      packets.lengths[i] = length;
      offset += length;
    }
    return packets;
  }
}
