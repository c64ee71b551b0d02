import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { serve } from '../../../../test/helpers/http-serve.ts';
import { HlsFetcher } from './fetch.ts';
import { Follower, reloadDelayMs, startSequence } from './follower.ts';
import type { ParsedMedia } from './playlist-parser.ts';

describe('a live playlist', () => {
  const playlist = (count: number, ended = false): ParsedMedia => ({
    kind: 'media',
    targetSeconds: 2,
    ended,
    nextSequence: 100 + count,
    segments: Array.from({ length: count }, (_, index) => ({
      uri: '',
      range: undefined,
      sequence: 100 + index,
      seconds: 2,
      discontinuity: 0,
      key: undefined,
      map: undefined,
      timeMs: undefined,
      gap: false,
    })),
  });
  test('is joined three target durations before the end; VOD from the start', () => {
    assert.equal(startSequence(playlist(10)), 107);
    assert.equal(startSequence(playlist(2)), 100);
    assert.equal(startSequence(playlist(0)), 100);
    assert.equal(startSequence(playlist(10, true)), 100);
  });
  test('is asked for again after a target duration, or half of one', () => {
    assert.equal(reloadDelayMs(playlist(1), true), 2000);
    assert.equal(reloadDelayMs(playlist(1), false), 1000);
  });
});

interface Answer {
  status?: number;
  body?: string | Buffer;
}

/** A server whose answers are set by path; follows its `/live.m3u8`. */
async function follow(
  t: TestContext,
  answers: Record<string, Answer | ((base: string) => Answer)>,
  { login }: { login?: string } = {},
) {
  const asked: string[] = [];
  const { base, close } = await serve(async (response, { url = '', headers }) => {
    const credentials = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString();
    asked.push(`${headers.host!.split(':', 1)[0]} ${credentials}`);
    if (login !== undefined && credentials !== login) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
      return;
    }
    const found = answers[url] ?? { status: 404 };
    const { status = 200, body = '' } = typeof found === 'function' ? found(base) : found;
    response.writeHead(status).end(body);
  });
  const stop = new AbortController();
  t.after(() => {
    stop.abort();
    close();
  });
  const url = `${base.replace('//', '//user:pa%2Fss@')}/live.m3u8`;
  const fetcher = new HlsFetcher({ url, headers: [], insecure: false });
  const { url: from, playlist } = await fetcher.playlist(url, stop.signal);
  let skipped = 0;
  const follower = new Follower(fetcher, from, playlist as ParsedMedia, (count) => (skipped += count));
  return { follower, asked, signal: stop.signal, skipped: () => skipped };
}

const playlist = (first: number, names: readonly string[], ...more: string[]): Answer => ({
  body: [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:0.3',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    ...names.flatMap((name) => ['#EXTINF:0.3,', name]),
    ...more,
  ].join('\n'),
});

describe('the follower', () => {
  test('goes from segment to segment to the end; what is missing is tried again, skipped and counted', async (t) => {
    let failures = 0;
    const { follower, signal, skipped } = await follow(t, {
      '/live.m3u8': playlist(5, ['a', 'b', 'none', 'c'], '#EXT-X-ENDLIST'),
      '/a': { body: 'A' },
      '/b': () => (failures++ < 1 ? { status: 500 } : { body: 'B' }),
      '/c': { body: 'C' },
    });
    const bodies: string[] = [];
    for (let next = await follower.next(signal); next; next = await follower.next(signal))
      bodies.push(`${next.segment.sequence}${next.bytes}`);
    assert.deepEqual(bodies, ['5A', '6B', '8C']);
    assert.equal(skipped(), 1);
  });

  test('asks again for a live playlist; counts what slid by, and sees that the server began anew', async (t) => {
    const playlists = [
      playlist(10, ['a']),
      playlist(10, ['a']),
      playlist(12, ['c']),
      playlist(0, ['a', '#EXT-X-DISCONTINUITY', 'c']),
    ];
    const { follower, signal, skipped } = await follow(t, {
      '/live.m3u8': () => playlists.shift() ?? playlist(0, ['a', 'c'], '#EXT-X-ENDLIST'),
      '/a': { body: 'A' },
      '/c': { body: 'C' },
    });
    const seen: string[] = [];
    for (let next = await follower.next(signal); next; next = await follower.next(signal))
      seen.push(`${next.segment.sequence} ${next.era}`);
    assert.deepEqual(seen, ['10 0 0', '12 0 0', '0 1 0', '1 1 1']);
    assert.equal(skipped(), 1);
  });

  test('credentials go to their own host alone', async (t) => {
    const { follower, asked, signal, skipped } = await follow(
      t,
      {
        '/live.m3u8': (base) =>
          playlist(0, ['a', `${base.replace('127.0.0.1', 'localhost')}/a`], '#EXT-X-ENDLIST'),
        '/a': { body: 'A' },
      },
      { login: 'user:pa/ss' },
    );
    assert.equal((await follower.next(signal))?.bytes.toString(), 'A');
    assert.equal(await follower.next(signal), undefined);
    assert.equal(skipped(), 1, 'the other host wants a login too, and gets none');
    assert.ok(asked.includes('127.0.0.1 user:pa/ss') && !asked.includes('localhost user:pa/ss'));
  });

  test('what can never be had is the end', async (t) => {
    const { follower, signal } = await follow(t, {
      '/live.m3u8': playlist(0, ['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"', 'a'], '#EXT-X-ENDLIST'),
      '/a': { body: 'A' },
    });
    await assert.rejects(follower.next(signal), { code: 'unsupported' });
    const other = await follow(t, { '/live.m3u8': playlist(0, ['file:///etc/passwd'], '#EXT-X-ENDLIST') });
    assert.equal(await other.follower.next(other.signal), undefined);
    assert.equal(other.skipped(), 1);
  });
});
