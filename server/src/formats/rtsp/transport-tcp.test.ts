import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Packet } from '../../core/model.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import { rtpFormat } from '../../rtp/payload.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import type { Transport } from './transport-header.ts';
import { TcpTransport } from './transport-tcp.ts';

function setUp(answers: readonly (Partial<Transport> | undefined)[]) {
  const packets: Packet[] = [];
  const clock = new MediaClock();
  const sent: Buffer[] = [];
  const transport = new TcpTransport((bytes) => sent.push(bytes));
  const channels = answers.map((answer, index) => {
    const format = rtpFormat(index === 0 ? 0 : 8, index === 0 ? 'PCMU' : 'PCMA', 8000);
    const receiver = new RtpReceiver({ id: index, format, clock, write: (packet) => packets.push(packet) });
    return transport.accept(
      index,
      answer && { lower: 'tcp', profile: '', multicast: false, ...answer },
      receiver,
    );
  });
  const receive = (channel: number, payloadType: number): number | undefined => {
    const bytes = Buffer.alloc(20);
    bytes[0] = 0x80;
    bytes[1] = payloadType;
    packets.length = 0;
    transport.receive(channel, bytes, 0, bytes.length, 0);
    return packets[0]?.track.id;
  };
  return { transport, channels, receive, sent };
}

test('asks for two channels for each media', async () => {
  const { transport } = setUp([]);
  assert.deepEqual((await transport.offer(3)).interleaved, [6, 7]);
});

test('takes the channels that the camera answers', () => {
  const { channels, receive } = setUp([{ interleaved: [10, 11] }, { interleaved: [0, 1] }]);
  assert.deepEqual(channels, [10, 0]);
  assert.deepEqual([receive(10, 0), receive(0, 8)], [0, 1]);
});

test('without an answer, or with the same for all: the channels that were asked for', () => {
  assert.deepEqual(setUp([undefined, {}]).channels, [0, 2]);
  const { channels, receive } = setUp([{ interleaved: [0, 1] }, { interleaved: [0, 1] }]);
  assert.deepEqual(channels, [0, 2]);
  assert.deepEqual([receive(0, 0), receive(2, 8)], [0, 1]);
});

test('packets on a channel that nobody has go to the media of their payload type, if it has none yet', () => {
  const { receive } = setUp([{}, {}]);
  assert.equal(receive(7, 8), 1);
  assert.equal(receive(7, 8), 1);
  assert.equal(receive(9, 33), undefined);
  assert.equal(receive(0, 0), 0);
  assert.equal(receive(12, 0), undefined);
});

test('RTCP leaves on the channel next to that of the media', () => {
  const { transport, sent } = setUp([{ interleaved: [4, 5] }]);
  transport.sendControl(0, Buffer.from([1, 2]));
  assert.deepEqual(sent, [Buffer.from([0x24, 5, 0, 2, 1, 2])]);
});
