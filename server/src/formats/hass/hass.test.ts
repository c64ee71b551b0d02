/** Addresses of Home Assistant, its connection, what is found there, and what its configuration holds. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type FakeEntity, type HassCore, startHassCore } from '../../../../test/fakes/hass-core.ts';
import type { Producer } from '../../core/model.ts';
import { createLogger } from '../../util/log.ts';
import type { OpenContext, Services } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { ownCore, readSource, sourceOf } from './address.ts';
import { connectCore } from './core-socket.ts';
import { discover } from './discovery.ts';
import { readEntries } from './imported.ts';
import { open } from './producer.ts';
import { scan } from './scan.ts';
import { iceServersOf } from './web-rtc.ts';

const TOKEN = 'token-of-the-test';

describe('an address', () => {
  const SECTION = { url: 'https://ha.example.org:8123/', token: 'section-token' };
  const CASES: readonly [url: string, http: string, token: string][] = [
    ['hass://10.0.0.5?entity_id=camera.a&token=abc', 'http://10.0.0.5:8123', 'abc'],
    ['hass://10.0.0.5:443?entity_id=camera.a&token=abc', 'https://10.0.0.5:443', 'abc'],
    ['hass://ha.example.org?entity_id=camera.a', 'https://ha.example.org:8123', 'section-token'],
    ['hass://supervisor?entity_id=camera.a', 'http://supervisor/core', 'add-on'],
  ];
  for (const [url, http, token] of CASES) {
    test(url, () => {
      const { core, entity } = readSource(url, SECTION, { SUPERVISOR_TOKEN: 'add-on' });
      assert.deepEqual([core.http, core.token, entity], [http, token, 'camera.a']);
    });
  }

  const WRONG: readonly [url: string, code: string][] = [
    ['hass://10.0.0.5?entity_id=camera.a', 'unauthorized'],
    ['hass://ha.example.org:8124?entity_id=camera.a', 'unauthorized'],
    ['hass://10.0.0.5?entity_id=light.a&token=x', 'invalid_source'],
    ['hass://10.0.0.5?entity_id=camera.a/../x&token=x', 'invalid_source'],
    ['hass://10.0.0.5?token=x', 'invalid_source'],
    ['hass://supervisor?entity_id=camera.a', 'invalid_source'],
  ];
  for (const [url, code] of WRONG)
    test(`wrong: ${url}`, () => assert.throws(() => readSource(url, SECTION, {}), { code }));

  test('of an entity that was found leads back to it', () => {
    for (const url of [
      'http://ha.local:8123',
      'https://ha.local',
      'http://ha.local',
      'https://10.0.0.1:8123',
    ]) {
      const section = { url, token: 'section-token' };
      const own = ownCore(section, {})!;
      assert.equal(readSource(sourceOf(own, 'camera.a'), section, {}).core.http, own.http);
    }
    assert.equal(ownCore({ url: 'http://x' }, {}), undefined);
    assert.throws(() => ownCore({ url: 'exec:x', token: 'abc' }, {}), { code: 'invalid' });
  });
});

/** A core with these entities, and what is opened through it in the end. */
async function openEntity(entity: FakeEntity, more: { token?: string; options?: string } = {}) {
  const core = await startHassCore(TOKEN, [entity]);
  const opened: string[] = [];
  const services = {
    section: () => ({}),
    webrtc: () => undefined,
    open: async (text: string) => {
      opened.push(text);
      return {} as Producer;
    },
  } as unknown as Services;
  const context: OpenContext = {
    ...{ stream: 'cam', signal: AbortSignal.timeout(5000), log: createLogger('test'), services },
  };
  const text = `hass://${core.host}?entity_id=${entity.id}&token=${more.token ?? TOKEN}${more.options ?? ''}`;
  try {
    await open(parseSourceText(text), context);
  } finally {
    await core.close();
  }
  return { opened, core };
}

describe('an entity', () => {
  const jpeg = Buffer.from('ffd8', 'hex');
  const header = `#timeout=20s#header=Authorization: Bearer ${TOKEN}`;

  test('with a stream', async () => {
    const hls = { api: 'http://127.0.0.1:1/', stream: 'x' };
    const { opened, core } = await openEntity({ id: 'camera.a', hls }, { options: '#media=video' });
    const path = '/api/hls/camera.a/master_playlist.m3u8';
    assert.deepEqual(opened, [`http://${core.host}${path}#media=video${header}`]);
  });

  test('whose WebRTC fails, but that has a stream', async () => {
    const hls = { api: 'http://127.0.0.1:1/', stream: 'x' };
    const { opened } = await openEntity({ id: 'camera.a', refuses: 'no', hls });
    assert.match(opened[0]!, /master_playlist/);
  });

  for (const claims of [false, true])
    test(`of pictures${claims ? ' that claims to have a stream' : ''}`, async () => {
      const { opened, core } = await openEntity({ id: 'camera.a', jpeg, claims });
      assert.deepEqual(opened, [`http://${core.host}/api/camera_proxy_stream/camera.a${header}`]);
    });

  test('of this server is refused', async () => {
    const failed = openEntity({ id: 'camera.a', platform: 'porthole', jpeg });
    await assert.rejects(failed, { code: 'invalid_source', message: /a camera of this server itself/ });
  });

  test('with a wrong token, which is not told', async () => {
    await assert.rejects(openEntity({ id: 'camera.a', jpeg }, { token: 'wrong-token' }), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, 'unauthorized');
      assert.doesNotMatch(error.message, /wrong-token/);
      return true;
    });
  });

  test('that is not there', async () => {
    const core = await startHassCore(TOKEN, []);
    const text = `hass://${core.host}?entity_id=camera.b&token=${TOKEN}`;
    const services = { section: () => ({}) } as unknown as Services;
    const context = { stream: 'x', signal: AbortSignal.timeout(5000), log: createLogger('test'), services };
    await assert.rejects(open(parseSourceText(text), context), { code: 'not_found' });
    await core.close();
  });
});

test('a connection that ends fails what was asked', async () => {
  const core: HassCore = await startHassCore(TOKEN, []);
  const over = new AbortController();
  const address = { ...ownCore({ url: `http://${core.host}`, token: TOKEN }, {})! };
  const socket = await connectCore(address, over.signal);
  await assert.rejects(socket.ask({ type: 'nonsense' }), { code: 'unsupported' });
  over.abort();
  await assert.rejects(socket.ask({ type: 'get_states' }), { code: 'closed' });
  await assert.rejects(socket.ask({ type: 'get_states' }), { code: 'closed' });
  await core.close();
});

test('the scan finds cameras, but not ours', async (t) => {
  const core = await startHassCore(TOKEN, [
    { id: 'camera.yard', name: 'Yard\n<b>' },
    { id: 'camera.door', name: 'Door', state: 'unavailable', platform: 'ring' },
    { id: 'camera.ours', platform: 'porthole' },
    { id: 'camera.ours_too', platform: 'mqtt', uniqueId: 'porthole_1f0c9a2e_door_camera' },
  ]);
  t.after(() => core.close());
  const section = { url: `http://${core.host}`, token: TOKEN };
  const services = { section: () => section } as unknown as Services;
  const found = await scan({ services, log: createLogger('test'), signal: AbortSignal.timeout(5000) });
  const common = { kind: 'homeassistant', model: 'C-1', manufacturer: 'Acme', credentials: false };
  assert.deepEqual(found, [
    {
      ...{ ...common, name: 'Yard <b>' },
      sources: [{ source: `hass://${core.host}?entity_id=camera.yard`, title: 'camera.yard, generic' }],
    },
    {
      ...{ ...common, name: 'Door', hint: 'Home Assistant cannot reach it at the moment.' },
      hint_code: 'unreachable',
      sources: [{ source: `hass://${core.host}?entity_id=camera.door`, title: 'camera.door, ring' }],
    },
  ]);
});

describe('the configuration of Home Assistant', () => {
  const ENTRIES = {
    data: {
      entries: [
        { domain: 'generic', title: 'Yard', options: { stream_source: 'rtsp://u:secret@10.0.0.9/1' } },
        {
          domain: 'onvif',
          title: 'Gate',
          data: { host: '10.0.0.8', port: 80, username: 'a', password: 'b/c' },
        },
        { domain: 'generic', title: 'Stills', options: {} },
        { domain: 'onvif', title: 'Nowhere', data: {} },
        { domain: 'sun', title: 'Sun' },
        null,
      ],
    },
  };

  test('holds cameras', () => {
    assert.deepEqual(readEntries(JSON.stringify(ENTRIES)), [
      { title: 'Yard', source: 'rtsp://u:secret@10.0.0.9/1' },
      { title: 'Gate', source: 'onvif://a:b%2Fc@10.0.0.8:80' },
    ]);
    for (const text of ['null', '[]', '{"data":5}']) assert.deepEqual(readEntries(text), []);
    assert.throws(() => readEntries('{'), { code: 'protocol' });
  });

  test('they are listed without their passwords, and opened by their titles', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-hass-'));
    mkdirSync(join(folder, '.storage'));
    writeFileSync(join(folder, '.storage/core.config_entries'), JSON.stringify(ENTRIES));
    const opened: string[] = [];
    const services = {
      section: () => ({ config: folder }),
      open: async (text: string) => opened.push(text),
    } as unknown as Services;
    const context = { stream: 'x', signal: AbortSignal.timeout(5000), log: createLogger('test'), services };
    const listed = await discover(new URLSearchParams(), context);
    assert.deepEqual(listed[0], { name: 'Yard', url: 'hass:Yard', location: 'rtsp://***@10.0.0.9/1' });
    await open(parseSourceText('hass:Gate'), context);
    assert.deepEqual(opened, ['onvif://a:b%2Fc@10.0.0.8:80']);
    await assert.rejects(open(parseSourceText('hass:Nobody'), context), { code: 'not_found' });
  });

  test('that is not named is no folder', async () => {
    const services = { section: () => ({}) } as unknown as Services;
    const context = { stream: 'x', signal: AbortSignal.timeout(5000), log: createLogger('test'), services };
    assert.deepEqual(await discover(new URLSearchParams(), context), []);
    await assert.rejects(open(parseSourceText('hass:Gate'), context), { code: 'invalid_source' });
  });
});

test('ICE servers of core', () => {
  const urls = ['stun:stun.example.org'];
  const servers = (iceServers: unknown) => iceServersOf({ configuration: { iceServers } });
  assert.equal(servers([]), undefined);
  assert.equal(iceServersOf(null), undefined);
  assert.deepEqual(servers([{ urls: urls[0] }, { urls: 5 }, 'x', { urls, username: 'u', credential: 'c' }]), [
    { urls, username: undefined, credential: undefined },
    { urls, username: 'u', credential: 'c' },
  ]);
});
