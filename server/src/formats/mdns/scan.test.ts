/** Which announced services are cameras; and a search of real announcements on loopback. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openMdns } from '../../net/mdns.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { scan } from './scan.ts';
import { type Announced, camerasOf } from './services.ts';

const service = (type: string, name: string, txt: object = {}, rest: Partial<Announced> = {}): Announced => ({
  ...{ type, name, address: '192.168.1.20', port: 80, txt: new Map(Object.entries(txt)) },
  ...rest,
});

describe('cameras among services', () => {
  const CASES: readonly [title: string, services: Announced[], expected: (readonly string[])[]][] = [
    ['a HomeKit lamp', [service('hap', 'Lamp', { ci: '5' })], []],
    ['a HomeKit camera', [service('hap', 'Aqara G3', { ci: '17', sf: '1', md: 'CH-H03' })], [['Aqara G3']]],
    ['a web page', [service('http', 'Printer')], []],
    [
      'a web page of a maker',
      [service('http', 'HIKVISION DS-2CD2143G2')],
      [
        [
          'HIKVISION DS-2CD2143G2',
          'onvif://192.168.1.20',
          'rtsp://192.168.1.20/Streaming/Channels/101',
          'rtsp://192.168.1.20/Streaming/Channels/102',
        ],
      ],
    ],
    [
      'all of an Axis in one',
      [
        service('http', 'AXIS M3106'),
        service('rtsp', 'AXIS M3106', {}, { port: 554 }),
        service('axis-video', 'AXIS M3106 - 0'),
      ],
      [['AXIS M3106 - 0', 'onvif://192.168.1.20', 'rtsp://192.168.1.20/axis-media/media.amp']],
    ],
    [
      'a path and a port that are told',
      [service('rtsp', 'x', { path: 'a b/../c#d' }, { port: 8554 })],
      [['x', 'rtsp://192.168.1.20:8554/a%20b/../c%23d']],
    ],
    [
      'HomeKit and RTSP in one',
      [service('hap', 'Door', { ci: '18', sf: '0' }), service('rtsp', 'Door', {}, { port: 554 })],
      [['Door', 'rtsp://192.168.1.20/']],
    ],
    [
      'a bridge of two',
      [service('hap', 'A', { ci: '17' }), service('hap', 'B', { ci: '17' })],
      [['A'], ['B']],
    ],
    ['an ONVIF port', [service('onvif', 'y', {}, { port: 8000 })], [['y', 'onvif://192.168.1.20:8000']]],
  ];
  for (const [title, services, expected] of CASES) {
    test(title, () => {
      const found = camerasOf(services).map(({ name, sources }) => [name, ...sources.map((s) => s.source)]);
      assert.deepEqual(found, expected);
    });
  }

  test('what a HomeKit camera is told', () => {
    const hint = (sf: string, ...more: Announced[]) =>
      camerasOf([service('hap', 'A', { ci: '17', sf }), ...more])[0]?.hint ?? '';
    assert.match(hint('1'), /not paired yet\. HomeKit pairing is not part/);
    assert.match(hint('0'), /paired with another home/);
    assert.match(hint('1', service('onvif', 'A')), /can be added without HomeKit/);
  });
});

test('announcements on loopback are found', async (t) => {
  const mdns = openMdns('127.0.0.1', () => {});
  t.after(() => mdns.destroy());
  const name = `Reolink test ${process.pid}`;
  mdns.publish({ name, type: 'rtsp', port: 8555, probe: false, txt: { path: '/live' } });
  mdns.publish({ name: `Lamp ${process.pid}`, type: 'hap', port: 8556, probe: false, txt: { ci: '5' } });
  const context = { services: {} as Services, log: createLogger('test'), signal: AbortSignal.timeout(5000) };
  const found = await scan(context, ['127.0.0.1']);
  const mine = found.flatMap(({ sources }) => sources.map(({ source }) => source));
  assert.ok(
    mine.some((source) => /^rtsp:\/\/[\d.]+:8555\/live$/.test(source)),
    JSON.stringify(found),
  );
  assert.ok(!JSON.stringify(found).includes('Lamp'));
});

test('a search that nobody waits for ends at once', async () => {
  const startedAt = performance.now();
  const context = { services: {} as Services, log: createLogger('test'), signal: AbortSignal.timeout(200) };
  await scan(context, ['127.0.0.1', '192.0.2.200']);
  assert.ok(performance.now() - startedAt < 1500);
});
