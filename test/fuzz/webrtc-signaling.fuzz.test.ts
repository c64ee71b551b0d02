/** What signalling servers, trackers and sharers say: JSON of dialects, links, announcements, encrypted descriptions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import {
  iceServersOfJson,
  iceServersOfLinks,
} from '../../server/src/formats/webrtc/dialects/ice-server-links.ts';
import { decodeObject, parseObject } from '../../server/src/formats/webrtc/dialects/json.ts';
import {
  decryptDescription,
  encryptDescription,
  isTimely,
} from '../../server/src/formats/webtorrent/cipher.ts';
import { parseAnnounce } from '../../server/src/formats/webtorrent/message.ts';
import { createRandom, mutate } from './mutate.ts';

const ROUNDS = 3000;

function rounds(seed: string, use: (text: string) => void): void {
  const random = createRandom(seed.length);
  for (let round = 0; round < ROUNDS; round++) use(mutate(Buffer.from(seed), random).toString('latin1'));
}

test('links of WHEP', () => {
  const links =
    '<stun:a.example>; rel="ice-server", <turn:b.example?transport=udp>; rel="ice-server"; username="u"; credential="c\\"d"';
  rounds(links, (text) => {
    for (const { urls } of iceServersOfLinks([text])) assert.ok(String(urls).length <= 300);
  });
  const slow = `<${'a>;b="'.repeat(2000)}`;
  const started = performance.now();
  iceServersOfLinks([slow, `<a>${'; x="'.repeat(3000)}`, '<'.repeat(16_000)]);
  assert.ok(performance.now() - started < 500, 'no catastrophe of backtracking');
});

test('messages of signalling and of trackers', () => {
  const message = JSON.stringify({
    action: 'announce',
    info_hash: 'hash',
    peer_id: 'peer',
    offers: [{ offer_id: 'o', offer: { type: 'offer', sdp: 'v=0' } }],
    offer_id: 'o',
    answer: { type: 'answer', sdp: 'v=0' },
    servers: [{ urls: ['stun:a'], username: 'u' }],
    messagePayload: Buffer.from('{"sdp":"v=0"}').toString('base64'),
  });
  let read = 0;
  rounds(message, (text) => {
    const object = parseObject(text);
    if (!object) return;
    const announce = parseAnnounce(object);
    if (announce) read++;
    for (const id of [announce?.infoHash, announce?.peerId, announce?.offerId])
      assert.ok((id ?? '').length <= 128);
    iceServersOfJson(object.servers);
    decodeObject(object.messagePayload);
  });
  assert.ok(read > 100, `${read} read`);
});

test('descriptions that are not authentic stay closed', () => {
  const share = { name: 'front-door', password: 'word' };
  const offerId = 'cwyvpelgpse8';
  const text = encryptDescription(share, offerId, 'v=0\r\nwhatever');
  rounds(text, (changed) => {
    isTimely(changed);
    if (Buffer.from(changed, 'base64').equals(Buffer.from(text, 'base64'))) return;
    assert.throws(() => decryptDescription(share, offerId, changed), StreamError);
  });
});
