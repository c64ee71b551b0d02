import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { IntlMessageFormat } from 'intl-messageformat';
import { ERROR_CODES } from '../../src/core/errors.ts';
import type { Camera } from './api-types.ts';
import { adviceKey, errorKey, KNOWN_ERRORS, remediesFor } from './error-keys.ts';
import { verdictOf } from './verdict.ts';

const catalogue = JSON.parse(
  readFileSync(join(import.meta.dirname, '../i18n/en/cameras.json'), 'utf8'),
) as Record<string, string>;

/** The verdict in English. */
function said(camera: Partial<Camera>, latencyMs?: number): string {
  const { phrases } = verdictOf({ id: 'door', enabled: true, status: 'live', ...camera }, latencyMs);
  return phrases
    .map((phrase) => {
      if ('text' in phrase) return phrase.text;
      const text = catalogue[phrase.key.replace('cameras.', '')]!;
      return String(new IntlMessageFormat(text, 'en').format(phrase.values));
    })
    .join(' · ');
}

const TRACKS: Camera['tracks'] = [
  { kind: 'audio', codec: 'aac', sample_rate: 16000 },
  { kind: 'video', codec: 'hevc', width: 2560, height: 1440 },
];

test('one plain line for each state', () => {
  assert.equal(said({ tracks: TRACKS, viewers: 2 }, 412), 'Live · H265 1440p · 0.4 s · 2 viewers');
  assert.equal(said({ tracks: TRACKS, viewers: 1 }), 'Live · H265 1440p · 1 viewer');
  assert.equal(
    said({ tracks: TRACKS, viewers: 1, transcoding: 1 }),
    'Live · H265 1440p · Transcoding for 1 viewer',
  );
  assert.equal(
    said({ tracks: TRACKS, viewers: 3, transcoding: 1 }),
    'Live · H265 1440p · Transcoding for 1 viewer · 3 viewers',
  );
  assert.equal(said({ tracks: TRACKS.slice(0, 1) }), 'Live · AAC 16 kHz');
  assert.equal(said({ status: 'failed', error: { code: 'unauthorized', message: '' } }), 'Wrong password');
  assert.equal(said({ status: 'asleep' }), 'Asleep');
  assert.equal(said({ status: 'disabled', enabled: false }), 'Disabled');
  assert.equal(said({ status: 'idle' }), 'Ready');
  assert.equal(said({ status: 'connecting' }), 'Connecting');
  assert.equal(
    said({ status: 'connecting', error: { code: 'timeout', message: '' } }),
    'No answer · trying again',
  );
});

test('tones', () => {
  const tone = (camera: Partial<Camera>) =>
    verdictOf({ id: 'a', enabled: true, status: 'idle', ...camera }).tone;
  assert.equal(tone({ status: 'live' }), 'live');
  assert.equal(tone({ status: 'connecting' }), 'wait');
  assert.equal(tone({ status: 'failed' }), 'alarm');
  assert.equal(tone({}), 'off');
});

test('every code of the server has words, advice and a remedy', () => {
  for (const code of Object.keys(ERROR_CODES)) {
    assert.ok(KNOWN_ERRORS.includes(code), code);
    assert.ok(remediesFor(code).length > 0, code);
  }
  assert.equal(adviceKey('unauthorized'), 'camera.advice.unauthorized');
});

test('a code of a newer server is a failure like another', () => {
  for (const code of ['of_tomorrow', 'constructor', undefined]) {
    assert.equal(errorKey(code), 'cameras.error.internal');
    assert.equal(adviceKey(code), 'camera.advice.internal');
  }
});
