import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { SEGMENT_BYTES, UdpPath, UdpPort } from './ice-udp.ts';

/** Sends datagrams of these lengths at once and gives back those that arrive. */
async function carry(lengths: readonly number[], times = 1): Promise<Buffer[]> {
  const receiver = createSocket('udp4').bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const received: Buffer[] = [];
  receiver.on('message', (bytes) => received.push(bytes));
  const sender = await UdpPort.bind(4, '127.0.0.1', 0, () => {});
  const path = new UdpPath(sender, { address: '127.0.0.1', port: receiver.address().port });
  const datagrams = lengths.map((length, index) => Buffer.alloc(length, index + 1));
  let at = 0;
  const offsets = lengths.map((length) => {
    at += length;
    return at - length;
  });
  const bytes = Buffer.concat(datagrams);
  for (let time = 0; time < times; time++) {
    path.sendAll({ bytes, offsets, lengths, count: lengths.length });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  sender.close();
  receiver.close();
  return received;
}

for (const [what, lengths] of [
  ['a key frame: parameter sets, full packets, a rest', [60, ...Array<number>(20).fill(SEGMENT_BYTES), 700]],
  ['more than one send takes', [...Array<number>(60).fill(SEGMENT_BYTES), 5]],
  ['full packets only', Array<number>(10).fill(SEGMENT_BYTES)],
  ['small ones only', [100, 200, 50, 200]],
  [
    'longer than a segment: not cut',
    [SEGMENT_BYTES + 2, SEGMENT_BYTES, SEGMENT_BYTES + 6, SEGMENT_BYTES + 6, 20],
  ],
] as const) {
  test(`datagrams arrive as they were given: ${what}`, async () => {
    const received = await carry(lengths, 2);
    const expected = [...lengths, ...lengths];
    assert.deepEqual(
      received.map(({ length }) => length),
      expected,
    );
    received.forEach((bytes, index) => {
      assert.ok(bytes.every((byte) => byte === ((index % lengths.length) + 1) % 256));
    });
  });
}
