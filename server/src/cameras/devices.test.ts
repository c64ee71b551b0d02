/** What cameras tell of themselves, and how they are moved. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StreamError } from '../core/errors.ts';
import { settle } from '../core/testing.ts';
import type { CameraEvent, EventsModule, OpenContext, Ptz, PtzModule } from '../formats/format.ts';
import { configureLog, createLogger } from '../util/log.ts';
import { CameraEvents } from './events.ts';
import { Steering } from './steering.ts';

configureLog({ write: undefined });

const log = createLogger('test');
const context = (signal: AbortSignal) => ({ stream: 'door', signal, log }) as unknown as OpenContext;

describe('events', () => {
  interface Watch {
    readonly text: string;
    readonly signal: AbortSignal;
    readonly tell: (event: CameraEvent) => void;
    readonly ready: (kinds: readonly CameraEvent['type'][]) => void;
    readonly end: (error?: Error) => void;
  }
  const setUp = () => {
    const watches: Watch[] = [];
    const told: CameraEvent[] = [];
    let changes = 0;
    const module: EventsModule = {
      watch: (text, { signal }, tell, ready) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => resolve());
          watches.push({ text, signal, tell, ready, end: (error) => (error ? reject(error) : resolve()) });
        }),
    };
    const events = new CameraEvents({
      camera: 'door',
      log,
      onEvent: (event) => told.push(event),
      onChange: () => changes++,
    });
    const follow = (text: string | undefined): void =>
      events.follow(text === undefined ? undefined : { text, module: async () => module, context });
    return { watches, told, events, follow, changes: () => changes };
  };

  test('are told; motion that goes on is not told again', async () => {
    const { watches, told, events, follow, changes } = setUp();
    follow('onvif://a');
    follow('onvif://a');
    await settle();
    assert.equal(watches.length, 1);
    watches[0]!.ready(['motion']);
    assert.deepEqual(events.kinds, ['motion']);
    for (const active of [true, true, false, false, true]) watches[0]!.tell({ type: 'motion', active });
    watches[0]!.tell({ type: 'ring', active: true });
    watches[0]!.tell({ type: 'ring', active: true });
    assert.deepEqual(
      told.map(({ type, active }) => `${type} ${active}`),
      ['motion true', 'motion false', 'motion true', 'ring true', 'ring true'],
    );
    assert.equal(events.motion, true);
    assert.deepEqual(events.kinds, ['motion', 'ring']);
    assert.ok(changes() >= 5);
    follow(undefined);
    await settle();
    assert.equal(watches[0]!.signal.aborted, true);
    assert.equal(events.motion, false, 'nobody would tell of its end');
  });

  test('motion whose end nobody tells is over by itself, unless it is told again', (t) => {
    const { told, events } = setUp();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    events.tell({ type: 'motion', active: true }, 5000);
    t.mock.timers.tick(4000);
    events.tell({ type: 'motion', active: true }, 5000);
    t.mock.timers.tick(4999);
    assert.deepEqual([events.motion, told.length], [true, 1]);
    t.mock.timers.tick(1);
    assert.deepEqual(told.at(-1), { type: 'motion', active: false });
    events.tell({ type: 'motion', active: true }, 5000);
    events.tell({ type: 'motion', active: true });
    t.mock.timers.tick(60_000);
    assert.equal(events.motion, true, 'somebody else will tell its end');
  });

  test('of a camera that is no more are not told', async () => {
    const { watches, told, events, follow } = setUp();
    follow('onvif://a');
    await settle();
    events.tell({ type: 'motion', active: true }, 1);
    events.close();
    await settle(10);
    assert.equal(watches[0]!.signal.aborted, true);
    assert.equal(told.length, 1);
  });

  test('a watch that fails begins again; motion does not last beyond it', async () => {
    const { watches, told, follow } = setUp();
    follow('onvif://a');
    await settle();
    watches[0]!.ready(['motion']);
    watches[0]!.tell({ type: 'motion', active: true });
    watches[0]!.end(new StreamError('closed', 'connection reset'));
    await settle(10);
    assert.equal(told.at(-1)?.active, false);
    assert.equal(watches.length, 1, 'not at once');
    await settle(150);
    assert.equal(watches.length, 2);
    follow(undefined);
  });

  test('a camera that tells of nothing is not asked again', async () => {
    for (const code of ['unsupported', 'invalid_source'] as const) {
      const { watches, follow } = setUp();
      follow('onvif://a');
      await settle();
      watches[0]!.end(new StreamError(code, 'no'));
      await settle(250);
      assert.equal(watches.length, 1);
      follow(undefined);
    }
  });

  test('another source is watched instead; the old one is not heard any more', async () => {
    const { watches, told, follow } = setUp();
    follow('onvif://a');
    await settle();
    follow('onvif://b');
    await settle();
    assert.deepEqual(
      watches.map(({ text, signal }) => [text, signal.aborted]),
      [
        ['onvif://a', true],
        ['onvif://b', false],
      ],
    );
    watches[0]!.tell({ type: 'ring', active: true });
    assert.deepEqual(told, []);
    follow(undefined);
  });
});

describe('moving', () => {
  const setUp = (opens: (ptz: Ptz) => Ptz | undefined = (ptz) => ptz) => {
    const calls: string[] = [];
    let opened = 0;
    const ptz: Ptz = {
      capabilities: { move: true, zoom: false, presets: ['Door'] },
      move: async ({ pan, tilt, zoom }) => void calls.push(`move ${pan} ${tilt} ${zoom}`),
      stop: async () => void calls.push('stop'),
      preset: async (name) => void calls.push(`preset ${name}`),
    };
    const module: PtzModule = {
      async open() {
        opened++;
        return opens(ptz);
      },
    };
    const steering = new Steering({ camera: 'door', log, onChange: () => {} });
    const follow = (text: string | undefined): void =>
      steering.follow(text === undefined ? undefined : { text, module: async () => module, context });
    return { steering, follow, calls, opened: () => opened };
  };

  test('is asked for once; nothing moves until somebody moves it', async () => {
    const { steering, follow, calls, opened } = setUp();
    steering.learn();
    follow('onvif://a');
    assert.equal(steering.capabilities, undefined);
    steering.learn();
    steering.learn();
    await settle();
    assert.deepEqual(steering.capabilities, { move: true, zoom: false, presets: ['Door'] });
    await steering.move({ pan: 0.5, tilt: 0, zoom: 0 });
    await steering.move({ pan: 0, tilt: 0, zoom: 0 });
    await steering.preset('Door');
    await assert.rejects(steering.preset('Garden'), { code: 'not_found' });
    assert.deepEqual(calls, ['move 0.5 0 0', 'stop', 'preset Door']);
    assert.equal(opened(), 1);
    follow('rtsp://b');
    assert.equal(steering.capabilities, undefined);
    follow(undefined);
  });

  test('stops by itself when nobody is heard any more', async (t) => {
    const { steering, follow, calls } = setUp();
    follow('onvif://a');
    steering.learn();
    await settle();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    await steering.move({ pan: 1, tilt: 0, zoom: 0 });
    t.mock.timers.tick(3000);
    await steering.move({ pan: 1, tilt: 1, zoom: 0 });
    t.mock.timers.tick(4999);
    assert.equal(calls.includes('stop'), false);
    t.mock.timers.tick(1);
    assert.equal(calls.at(-1), 'stop');
  });

  test('of a camera that cannot be moved is refused', async () => {
    const nothing = setUp(() => undefined);
    nothing.follow('onvif://a');
    await assert.rejects(nothing.steering.move({ pan: 1, tilt: 0, zoom: 0 }), { code: 'unsupported' });
    const { steering } = setUp();
    await assert.rejects(steering.move({ pan: 1, tilt: 0, zoom: 0 }), /door cannot be moved/);
  });

  test('after a failure is tried again', async () => {
    let fails = true;
    const { steering, follow, opened } = setUp(() => {
      if (fails) throw new StreamError('timeout', 'no answer');
      return undefined;
    });
    follow('onvif://a');
    steering.learn();
    await settle();
    fails = false;
    await assert.rejects(steering.move({ pan: 1, tilt: 0, zoom: 0 }), { code: 'unsupported' });
    assert.equal(opened(), 2);
  });
});
