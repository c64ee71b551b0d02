import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import { parseRtmpAddress } from './address.ts';
import { answerRefusal, createPublisherAuth } from './auth.ts';
import { parseStreamRequest } from './stream-name.ts';

describe('addresses', () => {
  const CASES: readonly (readonly [string, string, string, string, number, string | undefined])[] = [
    ['rtmp://host/app/stream', 'app', 'stream', 'rtmp://host/app', 1935, undefined],
    ['rtmp://host:19350/app/stream?a=b/c', 'app', 'stream?a=b/c', 'rtmp://host:19350/app', 19350, undefined],
    ['rtmp://host/app/inst/stream', 'app/inst', 'stream', 'rtmp://host/app/inst', 1935, undefined],
    ['rtmp://host/app/inst/a/b', 'app/inst', 'a/b', 'rtmp://host/app/inst', 1935, undefined],
    ['rtmp://host/name', 'name', '', 'rtmp://host/name', 1935, undefined],
    ['rtmp://host/name?k=v', 'name?k=v', '', 'rtmp://host/name?k=v', 1935, undefined],
    ['rtmps://host/app/stream', 'app', 'stream', 'rtmps://host/app', 443, 'verify'],
    ['rtmps://10.0.0.1/app/stream', 'app', 'stream', 'rtmps://10.0.0.1/app', 443, 'insecure'],
    ['rtmpx://host/app/stream', 'app', 'stream', 'rtmps://host/app', 443, 'insecure'],
    ['rtmp://u:p%40@[::1]/app/stream', 'app', 'stream', 'rtmp://[::1]/app', 1935, undefined],
  ];
  for (const [url, app, stream, tcUrl, port, tls] of CASES) {
    test(url, () => {
      const parsed = parseRtmpAddress(url);
      assert.deepEqual(
        [parsed.app, parsed.stream, parsed.tcUrl, parsed.port, parsed.tls],
        [app, stream, tcUrl, port, tls],
      );
    });
  }

  test('user and password are taken out and decoded', () => {
    assert.deepEqual(parseRtmpAddress('rtmp://u:p%40@host/a/b').credentials, {
      username: 'u',
      password: 'p@',
    });
  });

  test('without an application it is none', () => {
    assert.throws(() => parseRtmpAddress('rtmp://host/'), StreamError);
  });
});

describe('which stream is meant', () => {
  const CASES: readonly (readonly [string, string, readonly string[], string])[] = [
    ['front', '', ['front'], ''],
    ['front?audio=aac', '', ['front'], 'audio=aac'],
    ['live', 'front?video=h264', ['live/front', 'live', 'front'], 'video=h264'],
    ['live/', '/front', ['live/front', 'live', 'front'], ''],
    ['front', 'key', ['front/key', 'front', 'key'], ''],
    ['a/b', 'c', ['a/b/c', 'a/b', 'c'], ''],
    ['', 'front', ['front'], ''],
    ['front%20door', '', ['front%20door', 'front door'], ''],
    ['100%', '', ['100%'], ''],
  ];
  for (const [app, name, names, query] of CASES) {
    test(`${app} and ${name}`, () => {
      const request = parseStreamRequest(app, name);
      assert.deepEqual([request.names, request.query.toString()], [names, query]);
    });
  }
});

describe('authentication of publishers', () => {
  const right = { username: 'cam 1', password: 'sécret' };
  const other = { username: 'cam 2', password: 'wrong' };

  /** The dialogue to its end; gives what the server says last. */
  const dialogue = (password: string): boolean => {
    const server = createPublisherAuth([other, right]);
    let query = '';
    for (let round = 0; round < 3; round++) {
      const verdict = server.verify(query.slice(1));
      if (verdict.ok) return true;
      query = answerRefusal(verdict.description, { ...right, password });
    }
    return false;
  };

  test('client and server understand each other', () => {
    assert.equal(dialogue(right.password), true);
  });

  test('a wrong password is refused', () => {
    assert.throws(() => dialogue('wrong'), /wrong user or password/);
  });

  test('an answer is good once', () => {
    const server = createPublisherAuth([other, right]);
    const first = server.verify('authmod=adobe&user=cam%201');
    assert.ok(!first.ok);
    const answer = answerRefusal(first.description, right).slice(1);
    assert.equal(server.verify(answer).ok, true);
    assert.equal(server.verify(answer).ok, false);
  });

  test('the answer to a challenge, as FFmpeg makes it', () => {
    const description =
      '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=u&salt=s&challenge=c';
    const answer = answerRefusal(description, { username: 'u', password: 'p' });
    assert.match(answer, /^\?authmod=adobe&user=u&challenge=[0-9a-f]{8}&response=[\w+/]{22}==$/);
  });

  test('another kind of authentication, and a final refusal, are `unauthorized`', () => {
    for (const description of [
      '[ authmod=llnw ] : ?reason=needauth',
      '[ authmod=adobe ] : ?reason=authfailed',
    ])
      assert.throws(
        () => answerRefusal(description, right),
        (error) => error instanceof StreamError && error.code === 'unauthorized',
      );
  });
});
