import assert from 'node:assert/strict';
import { createCipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { assembleSrtpModule } from '../../../scripts/srtp-wasm/assemble.ts';
import { generatedSource } from '../../../scripts/srtp-wasm/generated-source.ts';
import { INTERLEAVED_BYTES, type RtpBlock, RtpBlockWriter } from './block.ts';
import { SrtcpReceiver, SrtcpSender } from './srtcp.ts';
import { createSrtpSender, SRTP_BATCH, SrtpReceiver } from './srtp.ts';
import type { AesCmSender } from './srtp-cm.ts';
import { AesGcmSender } from './srtp-gcm.ts';
import { deriveSessionKeys, SRTP_PROFILES, type SrtpMaster, type SrtpProfile } from './srtp-keys.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

const PROFILES: readonly SrtpProfile[] = ['SRTP_AES128_CM_HMAC_SHA1_80', 'SRTP_AEAD_AES_128_GCM'];

/** RFC 3711 §B.3, and the keys of libsrtp's test vectors. */
const VECTOR: SrtpMaster = {
  profile: 'SRTP_AES128_CM_HMAC_SHA1_80',
  key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
  salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
};

function randomMaster(profile: SrtpProfile): SrtpMaster {
  const { keyBytes, saltBytes } = SRTP_PROFILES[profile];
  return { profile, key: randomBytes(keyBytes), salt: randomBytes(saltBytes) };
}

function blockOf(lengths: readonly number[], header = hex('800fbeef deadbeef 00000000')): RtpBlock {
  const writer = new RtpBlockWriter();
  for (const length of lengths) {
    const at = writer.add(0, 12 + length);
    header.copy(writer.buffer, at);
    randomBytes(length).copy(writer.buffer, at + 12);
  }
  writer.mark();
  return writer.take();
}

function protectAll(
  sender: { protect: AesCmSender['protect'] },
  block: RtpBlock,
  index: number,
  delta = 0,
): Buffer[] {
  const result: Buffer[] = [];
  for (let first = 0; first < block.offsets.length; first += SRTP_BATCH) {
    const { bytes, offsets, lengths, count } = sender.protect(block, first, index + first, delta);
    for (let i = 0; i < count; i++)
      result.push(Buffer.from(bytes.subarray(offsets[i]!, offsets[i]! + lengths[i]!)));
  }
  return result;
}

/** What RFC 3711 says, written down a second time, packet by packet with node:crypto. */
function protectByTheBook(master: SrtpMaster, plain: Buffer, index: number): Buffer {
  const keys = deriveSessionKeys(master, 'rtp');
  const roc = Buffer.alloc(4);
  roc.writeUInt32BE(Math.floor(index / 65536));
  const iv = Buffer.concat([keys.salt, Buffer.alloc(2)]);
  const mask = Buffer.concat([
    Buffer.alloc(4),
    plain.subarray(8, 12),
    roc,
    plain.subarray(2, 4),
    Buffer.alloc(2),
  ]);
  for (let i = 0; i < 16; i++) iv[i] = iv[i]! ^ mask[i]!;
  const body = createCipheriv('aes-128-ctr', keys.cipherKey, iv).update(plain.subarray(12));
  const encrypted = Buffer.concat([plain.subarray(0, 12), body]);
  const tag = createHmac('sha1', keys.authKey).update(encrypted).update(roc).digest();
  return Buffer.concat([encrypted, tag.subarray(0, 10)]);
}

test('the module is what its source says', async () => {
  const kept = readFileSync(new URL('./wasm/srtp.generated.ts', import.meta.url), 'utf8');
  assert.equal(generatedSource(await assembleSrtpModule()), kept);
});

test('key derivation: RFC 3711 §B.3', () => {
  const keys = deriveSessionKeys(VECTOR, 'rtp');
  assert.deepEqual(keys.cipherKey.export(), hex('C61E7A93744F39EE10734AFE3FF7A087'));
  assert.deepEqual(keys.salt, hex('30CBBC08863D8C85D49DB34A9AE1'));
  assert.deepEqual(keys.authKey.export(), hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'));
});

test('AES-CM and HMAC-SHA1: the vector of libsrtp', () => {
  const writer = new RtpBlockWriter();
  const plain = hex('800f1234 decafbad cafebabe abababab abababab abababab abababab');
  const at = writer.add(0, plain.length);
  plain.copy(writer.buffer, at);
  const sender = createSrtpSender(VECTOR, { ssrc: 0xcafebabe, payloadType: 15 });
  const expected = hex('800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb');
  const [packet] = protectAll(sender, writer.take(), 0x1234);
  assert.deepEqual(packet, expected);
  assert.deepEqual(new SrtpReceiver(VECTOR).unprotect(packet!), plain);
});

test('AEAD_AES_128_GCM: RFC 7714 §16.1.1', () => {
  const keys = {
    cipherKey: createSecretKey(hex('000102030405060708090a0b0c0d0e0f')),
    authKey: createSecretKey(Buffer.alloc(20)),
    salt: hex('517569642070726f2071756f'),
  };
  const plain = hex(`8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
    69736120 696e2070 61727465 73207472 6573`);
  const writer = new RtpBlockWriter();
  const at = writer.add(0, plain.length);
  plain.copy(writer.buffer, at);
  const sender = new AesGcmSender(keys, { ssrc: 0x5501a0b2, payloadType: 0x40 });
  const expected = hex(`8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f
    42a5f47a 51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce`);
  assert.deepEqual(protectAll(sender, writer.take(), 0xf17b), [expected]);
});

test('a frame is protected as packet by packet with node:crypto: every length, any mix, over the wrap of SEQ', () => {
  const everyLength = Array.from({ length: 300 }, (_, index) => index);
  const mixes = [
    everyLength,
    [1188],
    [1188, 1188, 1188, 1188, 1188, 17],
    [1460, 1460, 1459, 1, 0, 1460],
    Array.from({ length: 150 }, () => 1188),
    Array.from({ length: 40 }, () => Math.floor(Math.random() * 1461)),
  ];
  for (const lengths of mixes) {
    for (const index of [0, 0x1fff0, 0xffff_ffff_fff0]) {
      const master = randomMaster('SRTP_AES128_CM_HMAC_SHA1_80');
      const block = blockOf(lengths);
      const sender = createSrtpSender(master, { ssrc: 0x89abcdef, payloadType: 102 });
      const delta = 0x7fff_0000;
      const usable = index > 0x1fff0 ? Math.min(lengths.length, 15) : lengths.length;
      const got = protectAll(sender, block, index, delta);
      for (let i = 0; i < usable; i++) {
        const offset = block.offsets[i]! + INTERLEAVED_BYTES;
        const plain = Buffer.from(block.bytes.subarray(offset, offset + 12 + lengths[i]!));
        const marker = i === lengths.length - 1 ? 0x80 : 0;
        plain[1] = marker | 102;
        plain.writeUInt16BE((index + i) & 0xffff, 2);
        plain.writeUInt32BE((0xdeadbeef + delta) >>> 0, 4);
        plain.writeUInt32BE(0x89abcdef, 8);
        assert.deepEqual(
          got[i],
          protectByTheBook(master, plain, index + i),
          `packet ${i} of ${lengths[i]} bytes`,
        );
      }
    }
  }
});

test('a frame longer than the memory of the module is protected piece by piece', () => {
  const master = randomMaster('SRTP_AES128_CM_HMAC_SHA1_80');
  const block = blockOf(Array.from({ length: 1100 }, () => 1188));
  assert.ok(block.bytes.length > 1 << 20);
  const sender = createSrtpSender(master, { ssrc: 1, payloadType: 96 });
  const receiver = new SrtpReceiver(master);
  const packets = protectAll(sender, block, 100);
  assert.equal(packets.length, 1100);
  packets.forEach((packet, i) => {
    const offset = block.offsets[i]! + INTERLEAVED_BYTES;
    const opened = receiver.unprotect(packet);
    assert.deepEqual(opened?.subarray(12), block.bytes.subarray(offset + 12, offset + 1200));
  });
});

test('viewers of one frame get it under keys of their own', () => {
  const block = blockOf([1188, 1188, 300]);
  const masters = [1, 2, 3].map(() => randomMaster('SRTP_AES128_CM_HMAC_SHA1_80'));
  const senders = masters.map((master, i) => createSrtpSender(master, { ssrc: i, payloadType: 96 }));
  const frames = senders.map((sender) => protectAll(sender, block, 7));
  masters.forEach((master, i) => {
    const receiver = new SrtpReceiver(master);
    for (const packet of frames[i]!) assert.ok(receiver.unprotect(packet));
  });
});

test('a packet beyond the MTU of the module is refused', () => {
  const sender = createSrtpSender(VECTOR, { ssrc: 1, payloadType: 96 });
  assert.throws(() => sender.protect(blockOf([1461]), 0, 0, 0), RangeError);
  assert.throws(
    () => sender.protect({ bytes: blockOf([10, 10]).bytes, offsets: [0, 27] }, 0, 0, 0),
    RangeError,
  );
});

for (const profile of PROFILES) {
  test(`${profile}: forged, repeated, cut and foreign packets are not opened; late and lost ones do no harm`, () => {
    const master = randomMaster(profile);
    const sender = createSrtpSender(master, { ssrc: 5, payloadType: 96 });
    const receiver = new SrtpReceiver(master);
    const packets = protectAll(sender, blockOf(Array.from({ length: 60 }, () => 50)), 65500);
    const copy = (i: number): Buffer => Buffer.from(packets[i]!);
    const forged = copy(0);
    forged[20] = forged[20]! ^ 1;
    assert.equal(receiver.unprotect(forged), undefined);
    assert.equal(receiver.unprotect(copy(0).subarray(0, 15)), undefined);
    assert.equal(receiver.unprotect(Buffer.alloc(0)), undefined);
    assert.equal(new SrtpReceiver(randomMaster(profile)).unprotect(copy(0)), undefined);
    assert.ok(receiver.unprotect(copy(0)));
    assert.equal(receiver.unprotect(copy(0)), undefined, 'repeated');
    assert.ok(receiver.unprotect(copy(50)), 'behind the wrap of SEQ');
    assert.ok(receiver.unprotect(copy(10)), 'late, before the wrap');
    assert.ok(receiver.unprotect(copy(40)));
    assert.equal(receiver.unprotect(copy(10)), undefined);
  });

  test(`${profile}: RTCP both ways; forged and repeated packets are not opened`, () => {
    const master = randomMaster(profile);
    const report = hex('80c80006 cafebabe 00000000 00000000 00000000 00000000 00000000');
    const sender = new SrtcpSender(master);
    const receiver = new SrtcpReceiver(master);
    const first = sender.protect(report);
    const second = sender.protect(report);
    assert.notDeepEqual(first, second);
    const forged = Buffer.from(first);
    forged[12] = forged[12]! ^ 1;
    assert.equal(receiver.unprotect(forged), undefined);
    assert.deepEqual(receiver.unprotect(Buffer.from(second)), report);
    assert.deepEqual(receiver.unprotect(Buffer.from(first)), report, 'out of order');
    assert.equal(receiver.unprotect(Buffer.from(first)), undefined, 'repeated');
    assert.equal(receiver.unprotect(first.subarray(0, 12)), undefined);
  });
}

test('SRTCP with AEAD_AES_128_GCM and AES-CM puts the index where the RFCs say', () => {
  const report = hex('80c90001 cafebabe');
  const cm = new SrtcpSender(VECTOR).protect(report);
  assert.equal(cm.length, 8 + 4 + 10);
  assert.equal(cm.readUInt32BE(8), 0x80000001);
  const gcm = new SrtcpSender(randomMaster('SRTP_AEAD_AES_128_GCM')).protect(report);
  assert.equal(gcm.length, 8 + 16 + 4);
  assert.equal(gcm.readUInt32BE(24), 0x80000001);
});
