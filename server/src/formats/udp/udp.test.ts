import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clip, makeClip, TEST_AUDIO, TEST_VIDEO } from '../../../../test/helpers/mp4-clip.ts';
import { freePort } from '../../../../test/helpers/ports.ts';
import type { Packet, Producer } from '../../core/model.ts';
import { createLogger } from '../../util/log.ts';
import type { OpenContext, Services } from '../format.ts';
import { muxClip } from '../mpegts/testing.ts';
import { parseSourceText } from '../source-text.ts';
import { parseUdpAddress } from './address.ts';
import { payloadOfDatagram } from './datagram.ts';
import { open } from './producer.ts';

const ADDRESSES: readonly (readonly [text: string, host: string, port: number, isMulticast: boolean])[] = [
  ['udp://@:5000', '0.0.0.0', 5000, false],
  ['udp://:5000', '0.0.0.0', 5000, false],
  ['udp://0.0.0.0:5000/', '0.0.0.0', 5000, false],
  ['udp://127.0.0.1:5000?pkt_size=1316', '127.0.0.1', 5000, false],
  ['udp://239.0.0.1:1234', '239.0.0.1', 1234, true],
  ['udp://@239.0.0.1:1234', '239.0.0.1', 1234, true],
  ['udp://[::]:5000', '::', 5000, false],
  ['udp://[ff02::1]:5000', 'ff02::1', 5000, true],
];
for (const [text, host, port, isMulticast] of ADDRESSES) {
  test(text, () => {
    const address = parseUdpAddress(parseSourceText(text));
    assert.deepEqual([address.host, address.port, address.isMulticast], [host, port, isMulticast]);
  });
}

test('the interface of a group, by address or name, and its only sender', () => {
  const of = (text: string) => parseUdpAddress(parseSourceText(text));
  assert.equal(of('udp://239.0.0.1:1234?localaddr=192.168.1.2').interface, '192.168.1.2');
  assert.equal(of('udp://239.0.0.1:1234#interface=10.0.0.2').interface, '10.0.0.2');
  const loopback = Object.entries(networkInterfaces()).find(([, all]) =>
    all?.some(({ address }) => address === '127.0.0.1'),
  );
  assert.equal(of(`udp://239.0.0.1:1234#interface=${loopback![0]}`).interface, '127.0.0.1');
  assert.equal(of('udp://[ff02::1]:1234#interface=eth7').interface, '::%eth7');
  assert.equal(of('udp://10.0.0.5@239.0.0.1:1234').sender, '10.0.0.5');
  assert.throws(() => of('udp://239.0.0.1:1234#interface=nothing9'), { code: 'unreachable' });
});

for (const text of [
  'udp://',
  'udp://@',
  'udp://camera.local:5000',
  'udp://1.2.3.4',
  'udp://1.2.3.4:0',
  'udp://1.2.3.4:99999',
  'udp://10.0.0.5@1.2.3.4:50',
])
  test(`${text} is refused`, () =>
    assert.throws(() => parseUdpAddress(parseSourceText(text)), { code: 'invalid_source' }));

test('transport packets in RTP are taken out, whatever the header has', () => {
  const packet = Buffer.alloc(188, 7);
  packet[0] = 0x47;
  const plain = Buffer.concat([Buffer.from('80210001000000020000000300', 'hex').subarray(0, 12), packet]);
  assert.deepEqual(payloadOfDatagram(plain), packet);
  const full = Buffer.concat([
    Buffer.from('b1a1000100000002000000030000000400010001aabbccdd', 'hex'),
    packet,
    Buffer.from([0, 0, 3]),
  ]);
  assert.deepEqual(payloadOfDatagram(full), packet);
  assert.equal(payloadOfDatagram(packet), packet);
  for (let length = 0; length < 24; length++)
    assert.ok(payloadOfDatagram(full.subarray(0, length)).length <= length);
});

describe('the producer', () => {
  let clip: Clip;
  let bytes: Buffer;
  let sender: Socket;
  const context = (signal = new AbortController().signal): OpenContext => ({
    stream: 'test',
    signal,
    log: createLogger('test'),
    services: {} as Services,
  });

  before(async () => {
    const words = [
      '-t',
      '2',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
      '-c:a',
      'aac',
    ];
    clip = await makeClip(...TEST_VIDEO, ...TEST_AUDIO, ...words);
    ({ bytes } = muxClip(clip));
    sender = createSocket('udp4');
    sender.bind(0, '127.0.0.1');
    await once(sender, 'listening');
  });
  after(() => sender.close());

  const sendAll = async (port: number, host = '127.0.0.1', from = sender, head = Buffer.alloc(0)) => {
    for (let at = 0; at < bytes.length; at += 1316) {
      from.send(Buffer.concat([head, bytes.subarray(at, at + 1316)]), port, host);
      if (at % (1316 * 20) === 0) await sleep(2);
    }
  };
  const collect = async (producer: Producer, ms: number): Promise<Packet[]> => {
    const packets: Packet[] = [];
    await producer.run((packet) => packets.push(packet), AbortSignal.timeout(ms));
    return packets;
  };

  for (const [name, head] of [
    ['udp', Buffer.alloc(0)],
    ['rtp+udp', Buffer.from('802100010000000200000003', 'hex')],
  ] as const) {
    test(`${name}: every packet comes through`, async () => {
      const port = await freePort();
      const opening = open(parseSourceText(`udp://127.0.0.1:${port}`), context());
      const sending = sendAll(port, '127.0.0.1', sender, head);
      const producer = await opening;
      assert.equal(producer.peer.protocol, name);
      assert.match(producer.peer.remoteAddress!, /^127\.0\.0\.1:\d+$/);
      assert.deepEqual(
        producer.tracks.map(({ codec }) => codec.name),
        ['h264', 'aac'],
      );
      const packets = await collect(producer, 600);
      await sending;
      const pictures = packets.filter(({ track }) => track.codec.kind === 'video');
      assert.equal(pictures.length, 50);
      assert.equal(producer.peer.corrupt, 0);
      assert.ok(producer.peer.bytesReceived >= bytes.length);
    });
  }

  test('a multicast group is joined', async () => {
    const port = await freePort();
    sender.setMulticastInterface('127.0.0.1');
    sender.setMulticastLoopback(true);
    const opening = open(parseSourceText(`udp://239.255.77.7:${port}?localaddr=127.0.0.1`), context());
    await sleep(50);
    const sending = sendAll(port, '239.255.77.7');
    const packets = await collect(await opening, 600);
    await sending;
    assert.ok(packets.length > 100);
  });

  test('a second sender is not listened to while the first one sends', async () => {
    const port = await freePort();
    const intruder = createSocket('udp4');
    const opening = open(parseSourceText(`udp://127.0.0.1:${port}`), context());
    const sending = sendAll(port);
    const producer = await opening;
    const disturbing = sendAll(port, '127.0.0.1', intruder, Buffer.alloc(188, 0x47));
    const packets = await collect(producer, 600);
    await Promise.all([sending, disturbing]);
    intruder.close();
    assert.equal(packets.filter(({ track }) => track.codec.kind === 'video').length, 50);
    assert.equal(producer.peer.corrupt, 0);
  });

  test('silence while running is a stalled stream', { timeout: 12_000 }, async () => {
    const port = await freePort();
    const opening = open(parseSourceText(`udp://127.0.0.1:${port}`), context());
    await sendAll(port);
    const producer = await opening;
    await assert.rejects(
      producer.run(() => {}, new AbortController().signal),
      { code: 'stalled' },
    );
  });

  test('a port in use, and an address of another machine, are said so', async () => {
    const { port } = sender.address();
    await assert.rejects(open(parseSourceText(`udp://127.0.0.1:${port}`), context()), {
      code: 'unreachable',
      message: /in use/,
    });
    await assert.rejects(open(parseSourceText('udp://192.0.2.1:5000'), context()), { code: 'unreachable' });
  });

  test('gives the port back when nobody waits any more', async () => {
    const port = await freePort();
    const stop = new AbortController();
    const opening = open(parseSourceText(`udp://127.0.0.1:${port}`), context(stop.signal));
    setTimeout(() => stop.abort(), 50);
    await assert.rejects(opening);
    const again = createSocket('udp4');
    again.bind(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });
});
