import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import {
  decodeXorAddress,
  encodeStun,
  encodeStunError,
  encodeXorAddress,
  hasIntegrity,
  ipBytes,
  ipText,
  isStun,
  parseStun,
  STUN_ATTRIBUTE,
  STUN_METHOD,
  stunAttribute,
  stunError,
  stunTransactionId,
} from './stun.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const key = createSecretKey(Buffer.from('VOkJxbRl1RmTxUk/WvJxBt'));

/** RFC 5769 §2.1. */
const REQUEST = hex(`00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae
  80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74
  00 24 00 04 6e 00 01 ff 80 29 00 08 93 2f f9 b1 51 26 3b 36
  00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20
  00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2
  80 28 00 04 e5 7a 3b cf`);
/** RFC 5769 §2.2 and §2.3. */
const RESPONSE = hex(`01 01 00 3c 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae
  80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20 00 20 00 08 00 01 a1 47 e1 12 a6 43
  00 08 00 14 2b 91 f5 99 fd 9e 90 c3 8c 74 89 f9 2a f9 ba 53 f0 6b e7 d7
  80 28 00 04 c0 7d 4c 96`);
const RESPONSE6 = hex(`01 01 00 48 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae
  80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20
  00 20 00 14 00 02 a1 47 01 13 a9 fa a5 d3 f1 79 bc 25 f4 b5 be d2 b9 d9
  00 08 00 14 a3 82 95 4e 4b e6 7b f1 17 84 c9 7c 82 92 c2 75 bf e3 ed 41
  80 28 00 04 c8 fb 0b 4c`);

test('requests and responses of RFC 5769 are read, and their integrity holds', () => {
  const request = parseStun(REQUEST)!;
  assert.equal(request.class, 'request');
  assert.equal(request.method, STUN_METHOD.binding);
  assert.equal(stunAttribute(request, STUN_ATTRIBUTE.username)?.toString(), 'evtj:h6vY');
  assert.ok(hasIntegrity(request, key));
  assert.ok(!hasIntegrity(request, createSecretKey(Buffer.from('another'))));
  for (const [bytes, address] of [
    [RESPONSE, '192.0.2.1'],
    [RESPONSE6, '2001:db8:1234:5678:11:2233:4455:6677'],
  ] as const) {
    const response = parseStun(bytes)!;
    assert.equal(response.class, 'success');
    assert.ok(hasIntegrity(response, key));
    const mapped = stunAttribute(response, STUN_ATTRIBUTE.xorMappedAddress);
    assert.deepEqual(decodeXorAddress(mapped, response.transactionId), { address, port: 32853 });
  }
});

test('what is written is read again', () => {
  const transactionId = stunTransactionId();
  for (const className of ['request', 'indication', 'success', 'error'] as const) {
    for (const method of Object.values(STUN_METHOD)) {
      const endpoint = { address: 'fe80::1', port: 5000 };
      const bytes = encodeStun(
        {
          class: className,
          method,
          transactionId,
          attributes: [
            [STUN_ATTRIBUTE.username, Buffer.from('a:b')],
            [STUN_ATTRIBUTE.xorPeerAddress, encodeXorAddress(endpoint, transactionId)],
            [STUN_ATTRIBUTE.errorCode, encodeStunError(487, 'Role Conflict')],
          ],
        },
        key,
      );
      const read = parseStun(bytes)!;
      assert.equal(read.class, className);
      assert.equal(read.method, method);
      assert.ok(hasIntegrity(read, key));
      assert.deepEqual(stunError(read), { code: 487, reason: 'Role Conflict' });
      assert.deepEqual(
        decodeXorAddress(stunAttribute(read, STUN_ATTRIBUTE.xorPeerAddress), transactionId),
        endpoint,
      );
    }
  }
});

test('what is cut, changed, or something else is refused', () => {
  for (let length = 0; length < REQUEST.length; length++)
    assert.equal(parseStun(REQUEST.subarray(0, length)), undefined, `${length} bytes`);
  for (let index = 0; index < REQUEST.length - 8; index++) {
    const changed = Buffer.from(REQUEST);
    changed[index] = changed[index]! ^ 1;
    const read = parseStun(changed);
    assert.ok(!read || !hasIntegrity(read, key), `byte ${index}`);
  }
  assert.ok(!isStun(hex('16fefd0000000000000000')));
  assert.ok(!isStun(hex('80c90001cafebabe80c90001cafebabe80c90001cafebabe')));
});

test('attributes behind the integrity are not believed', () => {
  const covered = encodeStun(
    { class: 'request', method: 1, transactionId: stunTransactionId(), attributes: [] },
    key,
  );
  const withoutFingerprint = covered.subarray(0, covered.length - 8);
  const forged = Buffer.concat([withoutFingerprint, hex('00250000')]);
  forged.writeUInt16BE(forged.length - 20, 2);
  const read = parseStun(forged)!;
  assert.ok(hasIntegrity(read, key));
  assert.equal(stunAttribute(read, STUN_ATTRIBUTE.useCandidate), undefined);
});

test('IP addresses to bytes and back', () => {
  for (const address of [
    '0.0.0.0',
    '192.168.1.255',
    '::',
    '::1',
    'fe80::1:2',
    '2001:db8::',
    '1:2:3:4:5:6:7:8',
  ])
    assert.equal(ipText(ipBytes(address)), address);
  assert.equal(ipText(ipBytes('2001:0db8:0:0:1:0:0:1')), '2001:db8::1:0:0:1');
  assert.equal(ipBytes('::ffff:192.168.1.2').toString('hex'), '00000000000000000000ffffc0a80102');
});
