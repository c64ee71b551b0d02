/**
 * The text (WAT) of the SRTP module: AES-CM counter blocks, XOR, and HMAC-SHA1 of four packets at a time (RFC 3711 §4).
 *
 * SHA-1 works on 32-bit words; a v128 holds the same word of four messages, so one SHA-1 computed with vectors is four.
 * The packets of a video frame are nearly all of one length, which is what makes four at a time fit.
 *
 *   counters()          JS: AES-128-ECB            protect()
 *   IV, index ──▶ counter blocks ──▶ keystream ──▶ header, payload ⊕ keystream, ROC, padding ──▶ tag over the ROC
 *
 * `node scripts/srtp-wasm/generate.ts` assembles it to srtp.generated.ts.
 */
import * as at from '../../server/src/rtp/wasm/layout.ts';

const RTP_HEADER = 12;
const INTERLEAVED = 4;
const TAG_BITS_BEFORE = 64 * 8; // The inner pad is part of what SHA-1 counts.
const SHA1_BITS = 160;

type Wat = string;

const get = (name: string): Wat => `(local.get $${name})`;
const set = (name: string, value: Wat): Wat => `(local.set $${name} ${value})`;
const i32 = (value: number): Wat => `(i32.const ${value})`;
const add = (a: Wat, b: Wat): Wat => `(i32.add ${a} ${b})`;
const sub = (a: Wat, b: Wat): Wat => `(i32.sub ${a} ${b})`;
const splat = (value: number): Wat => `(v128.const i32x4 ${value} ${value} ${value} ${value})`;
const load = (address: Wat, offset = 0): Wat => `(v128.load offset=${offset} ${address})`;
const store = (address: Wat, value: Wat, offset = 0): Wat =>
  `(v128.store offset=${offset} ${address} ${value})`;
const xor = (a: Wat, b: Wat): Wat => `(v128.xor ${a} ${b})`;
const rotateLeft = (x: Wat, bits: number): Wat =>
  `(v128.or (i32x4.shl ${x} ${i32(bits)}) (i32x4.shr_u ${x} ${i32(32 - bits)}))`;
const shuffle = (a: Wat, b: Wat, lanes: readonly number[]): Wat =>
  `(i8x16.shuffle ${lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)).join(' ')} ${a} ${b})`;
/** Swaps the bytes of each 32-bit lane. */
const swap = (x: Wat): Wat => `(i8x16.swizzle ${x} (v128.const i8x16 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12))`;
const store16BigEndian = (address: Wat, value: Wat, offset: number): Wat =>
  `(i32.store8 offset=${offset} ${address} (i32.shr_u ${value} ${i32(8)})) (i32.store8 offset=${offset + 1} ${address} ${value})`;
const store32BigEndian = (address: Wat, value: Wat, offset: number): Wat =>
  store16BigEndian(address, `(i32.shr_u ${value} ${i32(16)})`, offset) +
  store16BigEndian(address, value, offset + 2);
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const locals = (type: string, ...names: readonly string[]): Wat =>
  names.map((name) => `(local $${name} ${type})`).join(' ');
const params = (...names: readonly string[]): Wat => names.map((name) => `(param $${name} i32)`).join(' ');

/** Mixing function and constant of SHA-1 for step `t` (FIPS 180-4 §4.1.1, §4.2.1). */
function mix(t: number, b: Wat, c: Wat, d: Wat): readonly [f: Wat, k: number] {
  if (t < 20) return [`(v128.bitselect ${c} ${d} ${b})`, 0x5a827999];
  if (t < 40) return [xor(xor(b, c), d), 0x6ed9eba1];
  if (t < 60) return [`(v128.bitselect (v128.or ${b} ${d}) (v128.and ${b} ${d}) ${c})`, 0x8f1bbcdc];
  return [xor(xor(b, c), d), 0xca62c1d6];
}

/** SHA-1 of one 64-byte block in four lanes: STATE is updated with SCHEDULE. All 80 steps are unrolled. */
function compress(): Wat {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const body: Wat[] = [
    ...range(16).map((i) => set(`w${i}`, load(i32(at.SCHEDULE), i * 16))),
    ...names.map((name, i) => set(name, load(i32(at.STATE), i * 16))),
  ];
  let [a, b, c, d, e] = names as [string, string, string, string, string];
  for (let t = 0; t < 80; t++) {
    const word = (back: number): Wat => get(`w${(t - back) & 15}`);
    const w = `w${t & 15}`;
    if (t >= 16) {
      body.push(set('t', xor(xor(word(3), word(8)), xor(word(14), word(16)))));
      body.push(set(w, rotateLeft(get('t'), 1)));
    }
    const [f, k] = mix(t, get(b), get(c), get(d));
    const sum = [f, get(e), get(w), splat(k)].reduce(
      (total, term) => `(i32x4.add ${total} ${term})`,
      rotateLeft(get(a), 5),
    );
    body.push(set(e, sum), set(b, rotateLeft(get(b), 30)));
    [a, b, c, d, e] = [e, a, b, c, d];
  }
  [a, b, c, d, e].forEach((name, i) => {
    body.push(store(i32(at.STATE), `(i32x4.add ${get(name)} ${load(i32(at.STATE), i * 16)})`, i * 16));
  });
  return `(func $compress ${locals('v128', ...names, 't', ...range(16).map((i) => `w${i}`))} ${body.join('\n')})`;
}

/** Loads a 64-byte block of each of four messages into SCHEDULE: a transposition of 4 × 4 words, big-endian to native. */
function gather(): Wat {
  const quarter = (q: number): Wat[] => [
    ...range(4).map((i) => set(`x${i}`, swap(load(get(`p${i}`), q * 16)))),
    set('low01', shuffle(get('x0'), get('x1'), [0, 4, 1, 5])),
    set('high01', shuffle(get('x0'), get('x1'), [2, 6, 3, 7])),
    set('low23', shuffle(get('x2'), get('x3'), [0, 4, 1, 5])),
    set('high23', shuffle(get('x2'), get('x3'), [2, 6, 3, 7])),
    store(i32(at.SCHEDULE), shuffle(get('low01'), get('low23'), [0, 1, 4, 5]), q * 64),
    store(i32(at.SCHEDULE), shuffle(get('low01'), get('low23'), [2, 3, 6, 7]), q * 64 + 16),
    store(i32(at.SCHEDULE), shuffle(get('high01'), get('high23'), [0, 1, 4, 5]), q * 64 + 32),
    store(i32(at.SCHEDULE), shuffle(get('high01'), get('high23'), [2, 3, 6, 7]), q * 64 + 48),
  ];
  return `(func $gather ${params('p0', 'p1', 'p2', 'p3')}
    ${locals('v128', 'x0', 'x1', 'x2', 'x3', 'low01', 'high01', 'low23', 'high23')}
    ${range(4).flatMap(quarter).join('\n')})`;
}

const copyState = (from: number, to: number): Wat =>
  range(5)
    .map((i) => store(i32(to), load(i32(from), i * 16), i * 16))
    .join('\n');

/** absorb(to): the SHA-1 state behind the 64 bytes at PAD, in all four lanes, to `to`. */
function absorb(): Wat {
  const initial = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  return `(func (export "absorb") ${params('to')}
    ${initial.map((word, i) => store(i32(at.STATE), splat(word), i * 16)).join('\n')}
    (call $gather ${range(4)
      .map(() => i32(at.PAD))
      .join(' ')})
    (call $compress)
    ${range(5)
      .map((i) => store(get('to'), load(i32(at.STATE), i * 16), i * 16))
      .join('\n')})`;
}

/** HMAC of four padded messages of `blocks` × 64 bytes each; STATE holds the result. */
function hmac(): Wat {
  const outer = at.HMAC_STATES + at.HMAC_STATES_BYTES / 2;
  return `(func $hmac ${params('p0', 'p1', 'p2', 'p3', 'blocks')}
    ${copyState(at.HMAC_STATES, at.STATE)}
    (loop $next
      (call $gather ${range(4)
        .map((i) => get(`p${i}`))
        .join(' ')})
      (call $compress)
      ${range(4)
        .map((i) => set(`p${i}`, add(get(`p${i}`), i32(64))))
        .join('\n')}
      (br_if $next (local.tee $blocks ${sub(get('blocks'), i32(1))})))
    ${copyState(at.STATE, at.SCHEDULE)}
    ${store(i32(at.SCHEDULE), splat(0x80000000), 5 * 16)}
    ${range(9)
      .map((i) => store(i32(at.SCHEDULE), splat(0), (6 + i) * 16))
      .join('\n')}
    ${store(i32(at.SCHEDULE), splat(TAG_BITS_BEFORE + SHA1_BITS), 15 * 16)}
    ${copyState(outer, at.STATE)}
    (call $compress))`;
}

/** Length of the RTP packet behind the interleaved head at `from` (big-endian, in its bytes 2 and 3). */
const packetLength = (from: Wat): Wat =>
  `(i32.or (i32.shl (i32.load8_u offset=2 ${from}) ${i32(8)}) (i32.load8_u offset=3 ${from}))`;
const keystreamBlocks = (length: Wat): Wat =>
  `(i32.shr_u ${add(length, i32(at.AES_BLOCK - 1 - RTP_HEADER))} ${i32(4)})`;
/** Advances the sequence number by one; the roll-over counter follows. */
const advanceIndex = `
  ${set('sequence', `(i32.and ${add(get('sequence'), i32(1))} ${i32(0xffff)})`)}
  ${set('roc', add(get('roc'), `(i32.eqz ${get('sequence')})`))}`;

/**
 * counters(from, packets, roc, sequence) → bytes of counter blocks, for the packets that begin at `from`.
 * Block n of packet i is IV ⊕ (i · 2^16) ⊕ n, with the index i of 48 bits in bytes 8–13 and n in 14–15.
 */
function counters(): Wat {
  return `(func (export "counters") ${params('from', 'packets', 'roc', 'sequence')} (result i32)
    ${locals('i32', 'to', 'end', 'length', 'n')} ${locals('v128', 'block')}
    ${set('to', i32(at.COUNTERS))}
    (loop $packet
      ${set('length', packetLength(get('from')))}
      ${set('block', `(i32x4.replace_lane 2 ${splat(0)} ${get('roc')})`)}
      ${set('block', `(i32x4.replace_lane 3 ${get('block')} (i32.shl ${get('sequence')} ${i32(16)}))`)}
      ${set('block', xor(load(i32(at.IV)), swap(get('block'))))}
      ${set('end', add(get('to'), `(i32.shl ${keystreamBlocks(get('length'))} ${i32(4)})`))}
      ${set('n', i32(0))}
      (block $done (loop $next
        (br_if $done (i32.ge_u ${get('to')} ${get('end')}))
        ${store(get('to'), xor(get('block'), swap(`(i32x4.replace_lane 3 ${splat(0)} ${get('n')})`)))}
        ${set('n', add(get('n'), i32(1)))}
        ${set('to', add(get('to'), i32(at.AES_BLOCK)))}
        (br $next)))
      ${advanceIndex}
      ${set('from', add(add(get('from'), i32(INTERLEAVED)), get('length')))}
      (br_if $packet (local.tee $packets ${sub(get('packets'), i32(1))})))
    ${sub(get('to'), i32(at.COUNTERS))})`;
}

/** The padded message for SHA-1: packet, roll-over counter, 0x80, zeros, length in bits. */
function pad(): Wat {
  return `(func $pad ${params('slot', 'length', 'roc')} ${locals('i32', 'end')}
    ${set('end', add(get('slot'), get('length')))}
    ${range(5)
      .map((i) => store(get('end'), splat(0), i * 16))
      .join('\n')}
    ${store32BigEndian(get('end'), get('roc'), 0)}
    (i32.store8 offset=4 ${get('end')} ${i32(0x80)})
    ${set('end', add(get('slot'), `(i32.shl (call $blocks ${get('length')}) ${i32(6)})`))}
    ${store32BigEndian(
      sub(get('end'), i32(4)),
      `(i32.shl ${add(get('length'), i32(TAG_BITS_BEFORE / 8 + 4))} ${i32(3)})`,
      0,
    )})
  (func $blocks ${params('length')} (result i32)
    (i32.shr_u ${add(get('length'), i32(4 + 9 + 63))} ${i32(6)}))`;
}

/** Header of the packet at `from` with this viewer's numbers, and its payload ⊕ keystream, at `slot`. */
function encrypt(): Wat {
  return `(func $encrypt ${params('slot', 'from', 'length', 'keystream', 'sequence', 'ssrc', 'payloadType', 'delta')}
    ${locals('i32', 'end', 'timestamp')}
    ${set('from', add(get('from'), i32(INTERLEAVED)))}
    ${store(get('slot'), load(get('from')))}
    (i32.store8 offset=1 ${get('slot')}
      (i32.or (i32.and (i32.load8_u offset=1 ${get('from')}) ${i32(0x80)}) ${get('payloadType')}))
    ${store16BigEndian(get('slot'), get('sequence'), 2)}
    ${set('timestamp', `(i32x4.extract_lane 1 ${swap(load(get('from')))})`)}
    ${set('timestamp', add(get('timestamp'), get('delta')))}
    ${store32BigEndian(get('slot'), get('timestamp'), 4)}
    ${store32BigEndian(get('slot'), get('ssrc'), 8)}
    ${set('end', add(get('slot'), get('length')))}
    ${set('slot', add(get('slot'), i32(RTP_HEADER)))}
    ${set('from', add(get('from'), i32(RTP_HEADER)))}
    (block $done (loop $next
      (br_if $done (i32.ge_u ${get('slot')} ${get('end')}))
      ${store(get('slot'), xor(load(get('from')), load(get('keystream'))))}
      ${set('slot', add(get('slot'), i32(16)))}
      ${set('from', add(get('from'), i32(16)))}
      ${set('keystream', add(get('keystream'), i32(16)))}
      (br $next))))`;
}

/** Ends the up to four packets whose HMAC is in STATE with their tags of 80 bits, and copies them to `to`; returns the end of the copies. */
function tags(): Wat {
  const tag = (lane: number): Wat => `
    (br_if $done (i32.le_u ${get('packets')} ${i32(lane)}))
    ${set('length', `(i32.load offset=${lane * 4} ${get('lengths')})`)}
    ${set('end', add(get('slot'), get('length')))}
    (i32.store ${get('end')} (i32x4.extract_lane ${lane} ${get('a')}))
    (i32.store offset=4 ${get('end')} (i32x4.extract_lane ${lane} ${get('b')}))
    (i32.store16 offset=8 ${get('end')} (i32x4.extract_lane ${lane} ${get('c')}))
    ${set('length', add(get('length'), i32(at.TAG_BYTES)))}
    (memory.copy ${get('to')} ${get('slot')} ${get('length')})
    ${set('to', add(get('to'), get('length')))}
    ${set('slot', add(get('slot'), i32(at.SLOT)))}`;
  return `(func $tags ${params('slot', 'lengths', 'packets', 'to')} (result i32)
    ${locals('i32', 'length', 'end')} ${locals('v128', 'a', 'b', 'c')}
    ${['a', 'b', 'c'].map((name, i) => set(name, swap(load(i32(at.STATE), i * 16)))).join('\n')}
    (block $done ${range(4).map(tag).join('\n')})
    ${get('to')})`;
}

/**
 * protect(from, packets, roc, sequence, ssrc, payloadType, delta): packets at `from` + KEYSTREAM → OUTPUT, back to back, and LENGTHS.
 * `delta` is added to the timestamps.
 */
function protect(): Wat {
  const sameBlocks = (lane: number): Wat => `
    (br_if $group (i32.le_u ${get('packets')} ${i32(lane)}))
    (br_if $group (i32.ne (call $blocks (i32.load offset=${lane * 4} ${get('lengths')})) ${get('blocks')}))
    ${set('count', i32(lane + 1))}`;
  const laneSlot = (lane: number): Wat =>
    add(get('slot'), `(select ${i32(lane * at.SLOT)} ${i32(0)} (i32.gt_u ${get('count')} ${i32(lane)}))`);
  return `(func (export "protect")
    ${params('from', 'packets', 'roc', 'sequence', 'ssrc', 'payloadType', 'delta')}
    ${locals('i32', 'slot', 'length', 'lengths', 'keystream', 'left', 'blocks', 'count', 'to')}
    ${set('slot', i32(at.SLOTS))} ${set('lengths', i32(at.LENGTHS))} ${set('keystream', i32(at.KEYSTREAM))}
    ${set('left', get('packets'))}
    (loop $packet
      ${set('length', packetLength(get('from')))}
      (i32.store ${get('lengths')} ${get('length')})
      (call $encrypt ${['slot', 'from', 'length', 'keystream', 'sequence', 'ssrc', 'payloadType', 'delta'].map(get).join(' ')})
      (call $pad ${get('slot')} ${get('length')} ${get('roc')})
      ${set('keystream', add(get('keystream'), `(i32.shl ${keystreamBlocks(get('length'))} ${i32(4)})`))}
      ${set('from', add(add(get('from'), i32(INTERLEAVED)), get('length')))}
      ${advanceIndex}
      ${set('slot', add(get('slot'), i32(at.SLOT)))} ${set('lengths', add(get('lengths'), i32(4)))}
      (br_if $packet (local.tee $left ${sub(get('left'), i32(1))})))
    ${set('slot', i32(at.SLOTS))} ${set('lengths', i32(at.LENGTHS))} ${set('to', i32(at.OUTPUT))}
    (loop $four
      ${set('blocks', `(call $blocks (i32.load ${get('lengths')}))`)} ${set('count', i32(1))}
      (block $group ${[1, 2, 3].map(sameBlocks).join('\n')})
      (call $hmac ${range(4).map(laneSlot).join(' ')} ${get('blocks')})
      ${set('to', `(call $tags ${['slot', 'lengths', 'count', 'to'].map(get).join(' ')})`)}
      ${set('slot', add(get('slot'), `(i32.mul ${get('count')} ${i32(at.SLOT)})`))}
      ${set('lengths', add(get('lengths'), `(i32.shl ${get('count')} ${i32(2)})`))}
      (br_if $four (local.tee $packets ${sub(get('packets'), get('count'))}))))`;
}

/** The module as WebAssembly text. */
export function srtpModule(): Wat {
  return `(module (memory (export "memory") ${at.PAGES} ${at.PAGES})
    ${[compress(), gather(), absorb(), hmac(), counters(), pad(), encrypt(), tags(), protect()].join('\n')})`;
}
