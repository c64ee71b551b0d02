/** ONVIF messages of anybody: to the server, to its discovery, and as a camera's answers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { Streams } from '../../server/src/core/streams.ts';
import { FakeCamera, H264 } from '../../server/src/core/testing.ts';
import type { Services } from '../../server/src/formats/format.ts';
import { createOnvifAccess } from '../../server/src/formats/onvif/access.ts';
import { connectCamera } from '../../server/src/formats/onvif/camera.ts';
import { createEventState } from '../../server/src/formats/onvif/event-state.ts';
import { topicsOf } from '../../server/src/formats/onvif/event-topics.ts';
import { watch } from '../../server/src/formats/onvif/events.ts';
import { mediaSources } from '../../server/src/formats/onvif/media-address.ts';
import { readNotifications } from '../../server/src/formats/onvif/notification.ts';
import { open as openPtz } from '../../server/src/formats/onvif/ptz.ts';
import { endpointOf, leaseOf } from '../../server/src/formats/onvif/pull-point.ts';
import { answerOnvif } from '../../server/src/formats/onvif/server.ts';
import { readEnvelope } from '../../server/src/formats/onvif/soap.ts';
import { readMatches, readQuestion } from '../../server/src/formats/onvif/ws-discovery.ts';
import { find, parseXml, toMarkup } from '../../server/src/formats/onvif/xml.ts';
import { parseAddress } from '../../server/src/net/url.ts';
import type { Logger } from '../../server/src/util/log.ts';
import { type Served, serve } from '../helpers/http-serve.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 4000;
const CAMERA_ROUNDS = 150;
const SLOWEST_MS = 250;

const corpus = readCorpus('onvif');
const random = createRandom(20260901);
const next = (): string => mutate(corpus[random(corpus.length)]!, random).toString('utf8');

/** Runs it, allows refusals in our own words, and nothing that takes long. */
function attempt(action: () => void): boolean {
  const startedAt = performance.now();
  try {
    action();
    return true;
  } catch (error) {
    assert.ok(error instanceof StreamError, String((error as Error).stack));
    return false;
  } finally {
    assert.ok(performance.now() - startedAt < SLOWEST_MS);
  }
}

test('requests to the server', async (t) => {
  const streams = new Streams(async () => new FakeCamera(H264));
  streams.set('cam', ['rtsp://cam']);
  t.after(() => streams.close());
  const access = createOnvifAccess({ username: 'admin', password: 'secret' });
  const statuses = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const answer = await answerOnvif({
      ...{ streams, path: 'cam/device_service', message: next(), target: '/onvif/cam/device_service' },
      access: random(2) ? access : undefined,
      ...{ authorization: undefined, discoverable: false },
      origin: 'http://192.0.2.1:1984',
      apiBase: 'http://192.0.2.1:1984',
      rtspBase: 'rtsp://192.0.2.1:8554',
    });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    assert.ok(readEnvelope(answer.body).content, 'every answer is SOAP');
  }
  for (const status of [200, 400, 401]) assert.ok((statuses.get(status) ?? 0) > 50, `${status} is reached`);
});

test('discovery', () => {
  let read = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = next();
    if (attempt(() => readQuestion(text))) read++;
    attempt(() => readMatches(text));
  }
  assert.ok(read > ROUNDS / 10);
});

test('addresses that a camera gives', () => {
  const camera = parseAddress('onvif://admin:secret@192.0.2.1');
  const seeds = ['rtsp://192.0.2.9:554/a?x=1&y=2#z', 'http://[fd00::1]:80/snap.jpg', 'rtsp://u:p@host/'];
  let read = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const uri = mutate(Buffer.from(seeds[random(seeds.length)]!), random).toString('latin1');
    attempt(() => {
      for (const text of mediaSources(uri, camera, ''))
        assert.match(text, /^(?:rtsps?|https?):\/\/[^\s#]+$/i);
      read++;
    });
  }
  assert.ok(read > ROUNDS / 10);
});

test('events', () => {
  let told = 0;
  let read = 0;
  const state = createEventState({ atDoor: true, isOurs: () => true, tell: () => told++ });
  for (let round = 0; round < ROUNDS; round++) {
    const text = next();
    attempt(() => {
      const { content } = readEnvelope(text);
      if (!content) return;
      const notifications = readNotifications(content);
      read += notifications.length;
      state.accept(notifications);
      if (random(20) === 0) state.restart();
      const topicSet = find(content, 'TopicSet');
      if (topicSet) assert.ok(topicsOf(topicSet).length < 20_000);
      const lease = leaseOf(content);
      assert.ok(lease >= 15_000 && lease <= 3_600_000);
      endpointOf(find(content, 'SubscriptionReference', 'Address')?.text ?? '', '192.0.2.1');
      // What is sent back to the camera is XML again.
      parseXml(toMarkup(content).markup);
    });
  }
  assert.ok(read > ROUNDS / 50 && told > 10, `${read} read, ${told} told`);
});

describe('answers of a camera', () => {
  let server: Served;
  before(async () => {
    server = await serve(async (response) =>
      response.writeHead(200, { 'content-type': 'application/soap+xml' }).end(next()),
    );
  });
  after(() => server.close());

  test('about events and movement are read or refused', async () => {
    const url = server.base.replace('http:', 'onvif:').replace('//', '//admin:secret@');
    for (let round = 0; round < CAMERA_ROUNDS; round++) {
      const signal = AbortSignal.timeout(5000);
      const context = { stream: 'cam', signal, log: {} as Logger, services: {} as Services };
      const ignore = (): void => {};
      const ended = random(2)
        ? watch(url, context, ignore, ignore)
        : openPtz(url, context).then((ptz) => ptz?.move({ pan: 1, tilt: 0, zoom: 0 }));
      await ended.catch((error) => {
        assert.ok(error instanceof StreamError, String((error as Error).stack));
        assert.doesNotMatch(error.message, /undefined|\[object|secret/);
      });
    }
  });

  test('are read or refused', async () => {
    const url = server.base.replace('http:', 'onvif:').replace('//', '//admin:secret@');
    for (let round = 0; round < CAMERA_ROUNDS; round++) {
      try {
        const camera = await connectCamera(url, AbortSignal.timeout(5000));
        await camera.profiles();
        await camera.streamUri('P1');
      } catch (error) {
        assert.ok(error instanceof StreamError, String((error as Error).stack));
        assert.doesNotMatch(error.message, /undefined|\[object|secret/);
      }
    }
  });
});
