/** Where the server is announced; and that others find it, with its id. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../../test/helpers/wait.ts';
import { ipv4Interfaces } from '../net/interfaces.ts';
import { openMdns, type Service } from '../net/mdns.ts';
import { createLogger } from '../util/log.ts';
import { announcedOn, startZeroconf } from './zeroconf.ts';

describe('announced', () => {
  const INTERFACES = [{ address: '192.168.1.5' }, { address: '10.0.0.5' }, { address: '172.30.32.1' }];
  const CASES: readonly [listens: string[], expected: object][] = [
    [['127.0.0.1:1984'], {}],
    [['localhost:1984', '[::1]:1984'], {}],
    [[':1984'], { '192.168.1.5': 1984, '10.0.0.5': 1984 }],
    [['0.0.0.0:80'], { '192.168.1.5': 80, '10.0.0.5': 80 }],
    [['127.0.0.1:1984', '10.0.0.5:1985'], { '10.0.0.5': 1985 }],
    [['172.30.32.1:1984'], {}],
    [['192.168.7.7:1984'], {}],
  ];
  for (const [listens, expected] of CASES) {
    test(listens.join(' '), () =>
      assert.deepEqual(Object.fromEntries(announcedOn(listens, INTERFACES)), expected),
    );
  }
});

const outside = ipv4Interfaces().find(({ internal }) => !internal);

test('others find it, and hear when it is gone', { skip: !outside && 'no network' }, async (t) => {
  const seen = new Map<string, Service>();
  const mdns = openMdns(outside!.address, () => {});
  t.after(() => mdns.destroy());
  const browser = mdns.find({ type: 'porthole' });
  browser.on('up', (service: Service) => seen.set(service.txt?.id, service));
  browser.on('down', (service: Service) => seen.delete(service.txt?.id));
  const id = `test-${process.pid}`;
  const running = startZeroconf({
    ...{ id, api: 1, addresses: [':19841'], basePath: '/base' },
    log: createLogger('test'),
  });
  const service = await until('the announcement', () => seen.get(id));
  assert.equal(service.port, 19841);
  assert.equal(service.txt.path, '/base');
  assert.equal(service.txt.api, '1');
  assert.ok(service.addresses?.includes(outside!.address));
  await running.close();
  await until('the good-bye', () => !seen.has(id));
});
