/** The search by broadcast, on loopback, and what an answer holds. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { readDevice, writeSearch } from './message.ts';
import { scan } from './scan.ts';

function answer(common: object): Buffer {
  const body = Buffer.from(`${JSON.stringify({ 'NetWork.NetCommon': common, Ret: 100 })}\n\0`);
  const head = Buffer.alloc(20);
  head[0] = 0xff;
  head[1] = 1;
  head.writeUInt16LE(1531, 14);
  head.writeUInt32LE(body.length, 16);
  return Buffer.concat([head, body]);
}

const DEVICE = { HostIP: '0x0A01A8C0', HostName: 'Yard', SN: 'a1b2', TCPPort: 34567 };

test('the question', () => {
  assert.equal(writeSearch().toString('hex'), 'ff00000000000000000000000000fa0500000000');
});

describe('an answer', () => {
  test('is read', () => {
    assert.deepEqual(readDevice(answer(DEVICE)), { name: 'Yard', address: '192.168.1.10', serial: 'a1b2' });
    assert.deepEqual(readDevice(answer({ HostIP: 5, HostName: null })), {
      name: '',
      address: '',
      serial: '',
    });
  });

  for (const [title, bytes] of [
    ['the question itself', writeSearch()],
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.concat([writeSearch(), Buffer.from('{')])],
    ['JSON null', Buffer.concat([writeSearch(), Buffer.from('null')])],
    ['something else', Buffer.from('HTTP/1.1 200 OK\r\n\r\n and so on')],
  ] as const) {
    test(`is not ${title}`, () => assert.equal(readDevice(bytes), undefined));
  }
});

test('devices that answer are found, whatever else is said', async (t) => {
  const device = createSocket('udp4');
  t.after(() => device.close());
  device.bind(0, '127.0.0.1');
  await once(device, 'listening');
  const asked: string[] = [];
  device.on('message', (bytes, { port, address }) => {
    asked.push(bytes.toString('hex'));
    for (const message of [Buffer.from('nonsense'), answer(DEVICE), answer(DEVICE)])
      device.send(message, port, address);
  });
  const loopback = { address: '127.0.0.1', broadcast: '127.0.0.1', internal: true };
  const context = { services: {} as Services, log: createLogger('test'), signal: AbortSignal.timeout(5000) };
  const found = await scan(context, [loopback], device.address().port);
  assert.ok(asked.length >= 3 && asked.every((hex) => hex === writeSearch().toString('hex')));
  assert.equal(found.length, 1);
  const { hint, hint_code, ...rest } = found[0]!;
  assert.equal(hint_code, 'onvif_only');
  assert.match(hint ?? '', /DVRIP/);
  assert.deepEqual(rest, {
    ...{ kind: 'dvrip', name: 'Yard', address: '127.0.0.1', manufacturer: 'XMeye', credentials: true },
    sources: [{ source: 'onvif://127.0.0.1:8899', title: 'ONVIF' }],
  });
});
