/** RTSP: mutated messages and interleaved streams are read, or refused with a StreamError; nothing grows past its limit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { baseUrl, controlUrl } from '../../server/src/formats/rtsp/control-url.ts';
import { InterleavedReader } from '../../server/src/formats/rtsp/interleaved.ts';
import {
  formatRequest,
  formatResponse,
  header,
  MAX_BODY_BYTES,
  parseMessage,
  type RtspMessage,
} from '../../server/src/formats/rtsp/message.ts';
import { parseRtpInfo } from '../../server/src/formats/rtsp/rtp-info.ts';
import { formatTransport, parseTransports } from '../../server/src/formats/rtsp/transport-header.ts';
import { createClientAuth, createServerAuth } from '../../server/src/net/digest.ts';
import { parseAddress } from '../../server/src/net/url.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 2000;
const CORPUS = readCorpus('rtsp');

function allowed(work: () => void): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof StreamError, `${error instanceof Error ? error.stack : error}`);
  }
}

test('messages, and what stands in their headers', () => {
  const random = createRandom(20261123);
  const credentials = { username: 'u', password: 'p' };
  const server = createServerAuth({ credentials, realm: 'r' });
  for (let round = 0; round < ROUNDS; round++) {
    const input = mutate(CORPUS[random(CORPUS.length)]!, random);
    allowed(() => {
      const { message, end } = parseMessage(input, 0, input.length);
      if (message) {
        assert.ok(end <= input.length && message.body.length <= MAX_BODY_BYTES);
        readHeaders(message);
      } else assert.ok(end > input.length);
    });
    const text = input.toString('latin1');
    const client = createClientAuth(credentials);
    client.challenge([text]);
    client.authorize('PLAY', text);
    assert.notEqual(server.verify(text, 'PLAY', text), 'ok');
    allowed(() => parseAddress(`rtsp://${text}`));
  }
});

/** What is written of what was read is one message again. */
function readHeaders(message: RtspMessage): void {
  for (const transport of parseTransports(header(message, 'transport') ?? ''))
    assert.equal(parseTransports(formatTransport(transport)).length, 1);
  for (const { rtpTime } of parseRtpInfo(header(message, 'rtp-info') ?? ''))
    assert.ok(rtpTime === undefined || rtpTime <= 0xffff_ffff);
  controlUrl(baseUrl(message, 'rtsp://a/b'), header(message, 'session') ?? '');
  const headers = Object.fromEntries([...message.headers].filter(([name]) => name !== 'content-length'));
  const again =
    message.kind === 'request'
      ? formatRequest(message.method, message.url, headers, message.body)
      : formatResponse(message.status, headers, message.body);
  assert.equal(parseMessage(again, 0, again.length).end, again.length);
}

test('interleaved streams, in reads of any size', () => {
  const random = createRandom(7);
  for (let round = 0; round < ROUNDS / 4; round++) {
    const parts = Array.from({ length: 1 + random(6) }, () => CORPUS[random(CORPUS.length)]!);
    const input = mutate(Buffer.concat(parts), random);
    let seen = 0;
    const reader = new InterleavedReader({
      onFrame: (channel, bytes, start, end) => {
        assert.ok(channel >= 0 && channel < 256 && start <= end && end <= bytes.length);
        seen += end - start + 4;
      },
      onMessage: (message) => {
        seen += message.body.length;
      },
    });
    allowed(() => {
      for (let at = 0; at < input.length; ) {
        const size = 1 + random(random(2) ? 20 : 3000);
        reader.push(Buffer.from(input.subarray(at, at + size)));
        at += size;
      }
    });
    assert.ok(seen <= input.length, `${seen} bytes out of ${input.length}`);
  }
});
