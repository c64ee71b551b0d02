/** Events of a fake camera with the habits of real ones; and the policies of topics and states by themselves. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type CameraHabits, startOnvifCamera } from '../../../../test/fakes/onvif-camera.ts';
import type { FakeNotification } from '../../../../test/fakes/onvif-events.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { createLogger } from '../../util/log.ts';
import type { CameraEvent, Services } from '../format.ts';
import { createEventState } from './event-state.ts';
import { isActive, isDoorStation, kindOfTopic, plainTopic } from './event-topics.ts';
import { watch } from './events.ts';
import { endpointOf, leaseOf } from './pull-point.ts';
import { parseXml } from './xml.ts';

const CELL = 'tns1:RuleEngine/CellMotionDetector/Motion';
const ALARM = 'tns1:VideoSource/MotionAlarm';
const VISITOR = 'tns1:RuleEngine/MyRuleDetector/Visitor';
const CONTACT = 'tns1:Device/Trigger/DigitalInput';
const PROFILES = [{ token: 'a', streamUri: 'rtsp://127.0.0.1/a', source: 'lens1' }];

const cell = (on: boolean, source?: Record<string, string>): FakeNotification => ({
  ...{ topic: CELL, operation: 'Changed', data: { IsMotion: String(on) } },
  ...(source && { source }),
});

const subscribed = (events: { readonly subscriptions: number }) =>
  until('a subscription', () => events.subscriptions === 1);
const heard = (told: readonly string[], count: number) =>
  until(`${count} events`, () => told.length === count);

/** Watches a camera; `told` is `motion on`, `ring on` … in order. */
async function watchCamera(t: TestContext, habits: CameraHabits, suffix = '') {
  const camera = await startOnvifCamera({ auth: 'token', profiles: PROFILES, ...habits });
  t.after(() => camera.close());
  const controller = new AbortController();
  t.after(() => controller.abort());
  const told: string[] = [];
  const kinds: (readonly string[])[] = [];
  const context = {
    ...{ stream: 'cam', signal: controller.signal, log: createLogger('test') },
    services: {} as Services,
  };
  const ended = watch(
    camera.url + suffix,
    context,
    ({ type, active }: CameraEvent) => told.push(`${type} ${active ? 'on' : 'off'}`),
    (list) => kinds.push(list),
  );
  ended.catch(() => {});
  const events = camera.events!;
  return { camera, events, told, kinds, ended, controller };
}

describe('a camera', () => {
  const CASES: readonly [title: string, habits: CameraHabits][] = [
    ['with a token', {}],
    ['with Digest', { auth: 'digest' }],
    ['without a password', { auth: undefined } as unknown as CameraHabits],
    ['with Media2 alone, and odd prefixes', { media: 'ver20', oddPrefixes: true }],
    ['of SOAP 1.1', { soap: '1.1' }],
    ['that believes to be elsewhere', { ownHost: '192.0.2.9:8000' }],
    ['that tells subscriptions apart by a parameter', { events: { topics: [CELL], byParameter: true } }],
    ['whose clock is years off', { clockAheadMs: -5 * 365 * 86_400_000 }],
    ['that answers at once', { events: { topics: [CELL], hasty: true } }],
  ];
  for (const [title, habits] of CASES) {
    test(title, async (t) => {
      const { events, told, kinds } = await watchCamera(t, { events: { topics: [CELL, ALARM] }, ...habits });
      await subscribed(events);
      assert.deepEqual(kinds, [['motion']]);
      events.notify(cell(true));
      await heard(told, 1);
      events.notify(cell(false));
      await heard(told, 2);
      assert.deepEqual(told, ['motion on', 'motion off']);
    });
  }

  test('is told that nobody listens any more', async (t) => {
    const { events, ended, controller } = await watchCamera(t, { events: { topics: [CELL] } });
    await subscribed(events);
    controller.abort();
    await ended;
    assert.equal(events.subscriptions, 0);
  });

  test('is asked rarely where it answers at once', async (t) => {
    const { camera, events } = await watchCamera(t, { events: { topics: [CELL], hasty: true } });
    await subscribed(events);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const pulls = camera.requests.filter((request) => request.startsWith('PullMessages'));
    assert.ok(pulls.length <= 4, `${pulls.length} requests`);
  });

  test('without events says so', async (t) => {
    const { ended } = await watchCamera(t, {});
    await assert.rejects(ended, { code: 'unsupported', message: /has no events/ });
  });

  test('that tells of other things says so', async (t) => {
    const { ended } = await watchCamera(t, {
      events: { topics: ['tns1:Device/HardwareFailure/FanFailure'] },
    });
    await assert.rejects(ended, { code: 'unsupported', message: /neither of motion nor of a ring/ });
  });

  test('without a list of topics is listened to', async (t) => {
    const { events, told, kinds } = await watchCamera(t, { events: { topics: [] } });
    await subscribed(events);
    assert.deepEqual(kinds, [[]]);
    events.notify({ topic: VISITOR, operation: 'Changed', data: { State: 'true' } });
    await heard(told, 1);
    assert.deepEqual([kinds.at(-1), told], [['ring'], ['ring on']]);
  });

  test('with a wrong password', async (t) => {
    const camera = await startOnvifCamera({ auth: 'token', profiles: PROFILES, events: {} });
    t.after(() => camera.close());
    const context = { stream: 'cam', signal: AbortSignal.timeout(5000), log: createLogger('test') };
    await assert.rejects(
      watch(
        `onvif://admin:no@127.0.0.1:${camera.port}`,
        { ...context, services: {} as Services },
        () => {},
        () => {},
      ),
      { code: 'unauthorized' },
    );
  });

  test('that forgets a new subscription: the watch ends, and nothing moves any more', async (t) => {
    const { events, told, ended } = await watchCamera(t, { events: { topics: [CELL] } });
    await subscribed(events);
    events.notify(cell(true));
    await heard(told, 1);
    events.forget();
    await assert.rejects(ended, { code: 'protocol', message: /no such subscription/ });
    assert.deepEqual(told, ['motion on', 'motion off']);
  });

  test('with two lenses: each source hears of its own', async (t) => {
    const profiles = [...PROFILES, { token: 'b', streamUri: 'rtsp://127.0.0.1/b', source: 'lens2' }];
    const { events, told } = await watchCamera(t, { profiles, events: { topics: [CELL] } }, '?subtype=1');
    await subscribed(events);
    events.notify(cell(true, { VideoSourceConfigurationToken: 'conf-lens1', Rule: 'x' }));
    events.notify(cell(true, { VideoSourceConfigurationToken: 'conf-lens2', Rule: 'x' }));
    events.notify(cell(false, { VideoSourceConfigurationToken: 'conf-lens2', Rule: 'x' }));
    await heard(told, 2);
    assert.deepEqual(told, ['motion on', 'motion off']);
  });

  test('a door station: its contact is the button', async (t) => {
    const { events, told, kinds } = await watchCamera(t, {
      model: 'DS-KV6113 Door Station',
      events: { topics: [CONTACT], initial: [{ topic: CONTACT, data: { LogicalState: 'true' } }] },
    });
    await subscribed(events);
    assert.deepEqual(kinds, [['ring']]);
    for (const state of ['false', 'true', 'false'])
      events.notify({ topic: CONTACT, operation: 'Changed', data: { LogicalState: state } });
    await heard(told, 2);
    assert.deepEqual(told, ['ring on', 'ring off']);
  });
});

describe('topics', () => {
  const CASES: readonly [topic: string, atDoor: boolean, kind: 'motion' | 'ring' | undefined][] = [
    [CELL, false, 'motion'],
    [ALARM, false, 'motion'],
    ['tns1:RuleEngine/tnsvendor:MotionRegionDetector/tns1:Motion//.', false, 'motion'],
    ['tnsaxis:CameraApplicationPlatform/VMD/Camera1ProfileANY', false, 'motion'],
    ['tns1:RuleEngine/tnsaxis:VMD3/vmd3_video_1', false, 'motion'],
    [VISITOR, false, 'ring'],
    ['tns1:Device/tnsx:DoorBell', false, 'ring'],
    ['tns1:VideoSource/Alarm', false, 'ring'],
    [CONTACT, false, undefined],
    [CONTACT, true, 'ring'],
    ['tns1:RuleEngine/TamperDetector/Tamper', true, undefined],
    ['', true, undefined],
  ];
  for (const [topic, atDoor, kind] of CASES) {
    test(`${topic}${atDoor ? ' at a door' : ''}`, () => assert.equal(kindOfTopic(topic, atDoor), kind));
  }

  test('what a value means', () => {
    const active = (topic: string, ...items: [string, string][]) => isActive(topic, new Map(items));
    assert.equal(active(CELL, ['IsMotion', 'true']), true);
    assert.equal(active(CELL, ['Other', 'x'], ['IsMotion', '0']), false);
    assert.equal(active('tns1:RuleEngine/x/Visitor', ['active', '1']), true);
    assert.equal(active('tns1:VideoSource/Alarm', ['State', 'CameraBellButton']), true);
    assert.equal(active('tns1:VideoSource/Alarm', ['State', 'PIR']), undefined);
    assert.equal(active(CELL), undefined);
  });

  test('door stations', () => {
    for (const name of ['Reolink Video Doorbell PoE', 'Dahua VTO2101E-P', 'HIKVISION DS-KV6113-WPE1'])
      assert.ok(isDoorStation(name), name);
    for (const name of ['HIKVISION DS-2CD2143', 'Acme & Sons C-1', '']) assert.ok(!isDoorStation(name), name);
  });

  test('steps', () => assert.equal(plainTopic(' a:B/c:D//. '), 'B/D'));
});

describe('the state of a camera', () => {
  const message = (topic: string, value: string, operation: string | undefined = 'Changed', rule = 'r') => ({
    ...{ topic, operation, source: new Map([['Rule', rule]]), data: new Map([['State', value]]) },
  });
  function create() {
    const told: string[] = [];
    let nowMs = 0;
    const state = createEventState({
      ...{ atDoor: false, isOurs: () => true, now: () => nowMs },
      tell: ({ type, active }) => told.push(`${type} ${active ? 'on' : 'off'}`),
    });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { state, told, pass };
  }

  test('motion of several rules is one', () => {
    const { state, told } = create();
    state.accept([message(CELL, 'true'), message(ALARM, 'true')]);
    state.accept([message(CELL, 'false')]);
    assert.deepEqual(told, ['motion on']);
    state.accept([message(ALARM, '0', 'Deleted')]);
    assert.deepEqual(told, ['motion on', 'motion off']);
  });

  test('motion without an end has one', () => {
    const { state, told, pass } = create();
    state.accept([{ ...message(ALARM, 'true'), operation: undefined }]);
    pass(31_000);
    state.accept([]);
    assert.deepEqual(told, ['motion on', 'motion off']);
  });

  test('a button that is held when we come is no ring; held twice is one', () => {
    const { state, told } = create();
    state.accept([message(VISITOR, 'true', 'Initialized')]);
    state.accept([message(VISITOR, 'true')]);
    assert.deepEqual(told, []);
    state.accept([message(VISITOR, 'false'), message(VISITOR, 'true'), message(VISITOR, 'true')]);
    state.accept([message(VISITOR, 'false')]);
    assert.deepEqual(told, ['ring on', 'ring off']);
  });

  test('a ring that is an event by itself rings each time', () => {
    const { state, told } = create();
    const ring = { ...message(VISITOR, 'true'), operation: undefined };
    state.accept([ring]);
    state.accept([ring]);
    assert.deepEqual(told, ['ring on', 'ring on']);
  });

  test('after a new subscription what is not said again is over', () => {
    const { state, told } = create();
    state.accept([message(CELL, 'true')]);
    state.restart();
    state.accept([message(CELL, 'false', 'Initialized', 'other')]);
    assert.deepEqual(told, ['motion on', 'motion off']);
    state.accept([message(CELL, 'true')]);
    state.restart();
    state.accept([message(CELL, 'true', 'Initialized')]);
    assert.deepEqual(told, ['motion on', 'motion off', 'motion on']);
  });

  test('is bounded', () => {
    const { state, told } = create();
    for (let rule = 0; rule < 5000; rule++) state.accept([message(CELL, 'true', 'Changed', String(rule))]);
    assert.deepEqual(told, ['motion on']);
  });
});

describe('a subscription', () => {
  test('is asked where it can be reached', () => {
    const CASES: readonly [address: string, host: string, expected: unknown][] = [
      ['http://10.0.0.5:1024/sub?x=1', '10.0.0.5', { path: '/sub?x=1', port: 1024 }],
      ['http://10.0.0.5/sub', '10.0.0.5', { path: '/sub', port: 80 }],
      ['http://10.0.0.5:1024/sub', 'garden.example.org', { path: '/sub', port: undefined }],
      ['urn:uuid:x', '10.0.0.5', undefined],
      ['exec:reboot', '10.0.0.5', undefined],
    ];
    for (const [address, host, expected] of CASES) assert.deepEqual(endpointOf(address, host), expected);
  });

  test('lasts as the camera says, on its own clock', () => {
    const lease = (now: string, end: string): number =>
      leaseOf(parseXml(`<a><CurrentTime>${now}</CurrentTime><TerminationTime>${end}</TerminationTime></a>`));
    assert.equal(lease('2019-01-01T00:00:00Z', '2019-01-01T00:01:00Z'), 60_000);
    assert.equal(lease('2019-01-01T00:00:00Z', '2018-01-01T00:01:00Z'), 120_000);
    assert.equal(lease('x', ''), 120_000);
    assert.equal(lease('2019-01-01T00:00:00Z', '2019-01-01T00:00:01Z'), 15_000);
  });
});
