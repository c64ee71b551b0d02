/** Writer and parser are twins: what one writes the other reads. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ParsedMedia, parsePlaylist } from './playlist-parser.ts';
import {
  ID_PLACEHOLDER,
  type MediaPlaylist,
  type SegmentEntry,
  writeMasterPlaylist,
  writeMediaPlaylist,
} from './playlist-writer.ts';

const segment = (sequence: number, fields: Partial<SegmentEntry> = {}): SegmentEntry => ({
  sequence,
  seconds: 2,
  independent: true,
  discontinuity: false,
  initIndex: 0,
  timeMs: Date.UTC(2026, 10, 27, 12, 0, 2 * sequence),
  parts: [
    { seconds: 1.04, independent: true },
    { seconds: 0.96, independent: false },
  ],
  ...fields,
});

const playlist = (fields: Partial<MediaPlaylist> = {}): MediaPlaylist => ({
  container: 'fmp4',
  targetSeconds: 2,
  partSeconds: 1.05,
  segments: [segment(3), segment(4)],
  current: undefined,
  discontinuitySequence: 0,
  ended: false,
  ...fields,
});

describe('media playlists', () => {
  const cases: Readonly<Record<string, MediaPlaylist>> = {
    plain: playlist(),
    'MPEG-TS': playlist({ container: 'mpegts' }),
    ended: playlist({ ended: true }),
    'discontinuities, seen and gone': playlist({
      discontinuitySequence: 3,
      segments: [segment(7), segment(8, { discontinuity: true, initIndex: 1, seconds: 1.23457 })],
    }),
    'a segment in the making': playlist({ current: segment(5, { seconds: 1.04, parts: [] }) }),
    'cut between key frames': playlist({ segments: [segment(0), segment(1, { independent: false })] }),
  };
  for (const [name, written] of Object.entries(cases)) {
    test(name, () => {
      const read = parsePlaylist(writeMediaPlaylist(written).replaceAll(ID_PLACEHOLDER, 'ID')) as ParsedMedia;
      assert.equal(read.kind, 'media');
      assert.equal(read.targetSeconds, written.targetSeconds);
      assert.equal(read.ended, written.ended);
      assert.equal(read.nextSequence, written.segments.at(-1)!.sequence + 1);
      let discontinuity = written.discontinuitySequence;
      const expected = written.segments.map((entry) => {
        if (entry.discontinuity) discontinuity++;
        const extension = written.container === 'fmp4' ? 'm4s' : 'ts';
        return {
          uri: `segment.${extension}?id=ID&n=${entry.sequence}`,
          range: undefined,
          sequence: entry.sequence,
          seconds: entry.seconds,
          discontinuity,
          key: undefined,
          map:
            written.container === 'fmp4'
              ? { uri: `init.mp4?id=ID&n=${entry.initIndex}`, range: undefined, key: undefined }
              : undefined,
          timeMs: entry.timeMs,
          gap: false,
        };
      });
      assert.deepEqual(read.segments, expected);
    });
  }

  test('low latency: parts near the end, and a hint at the one that comes next', () => {
    const segments = Array.from({ length: 10 }, (_, index) => segment(index));
    const current = segment(10, { seconds: 1.04, parts: [{ seconds: 1.04, independent: true }] });
    const text = writeMediaPlaylist(playlist({ segments, current }));
    assert.match(text, /#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.15\n/);
    assert.match(text, /#EXT-X-PART-INF:PART-TARGET=1.05\n/);
    assert.ok(text.includes('n=10&part=0",INDEPENDENT=YES'));
    assert.ok(!text.includes('n=5&part=0'), 'parts of old segments are not listed');
    assert.match(text, /#EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment.m4s\?id=\0&n=10&part=1"\n$/);
  });

  test('where a segment does not begin with a key frame, players are told where to begin', () => {
    assert.match(writeMediaPlaylist(playlist()), /#EXT-X-INDEPENDENT-SEGMENTS\n/);
    const segments = [segment(0), segment(1), segment(2, { independent: false, seconds: 1 })];
    const text = writeMediaPlaylist(playlist({ segments }));
    assert.doesNotMatch(text, /INDEPENDENT-SEGMENTS/);
    assert.match(text, /#EXT-X-START:TIME-OFFSET=-5\n/, 'as far as parts of 1.05 s are held back');
    assert.match(
      writeMediaPlaylist(playlist({ segments, partSeconds: 0.3 })),
      /#EXT-X-START:TIME-OFFSET=-3\n/,
    );
    const old = [segment(0), segment(1, { independent: false }), ...[2, 3, 4, 5].map((n) => segment(n))];
    assert.doesNotMatch(writeMediaPlaylist(playlist({ segments: old })), /EXT-X-START/);
  });
});

test('a master playlist', () => {
  const text = writeMasterPlaylist({
    uri: 'hls/playlist.m3u8?id=X',
    bandwidth: 1e6,
    codecs: ['avc1.640029', 'fLaC'],
    resolution: { width: 1920, height: 1080 },
    frameRate: 25,
  });
  assert.equal(
    text,
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS="avc1.640029,fLaC",RESOLUTION=1920x1080,FRAME-RATE=25.000\nhls/playlist.m3u8?id=X\n',
  );
  assert.deepEqual(parsePlaylist(text), {
    kind: 'master',
    variants: [
      {
        uri: 'hls/playlist.m3u8?id=X',
        bandwidth: 1e6,
        codecs: ['avc1.640029', 'fLaC'],
        audioGroup: undefined,
      },
    ],
    audio: [],
  });
});

describe('playlists of others', () => {
  const read = (...lines: string[]): ParsedMedia =>
    parsePlaylist(['#EXTM3U', ...lines].join('\r\n')) as ParsedMedia;

  test('keys, maps and byte ranges hold until the next', () => {
    const { segments } = read(
      '#EXT-X-MEDIA-SEQUENCE:10',
      '#EXT-X-KEY:METHOD=AES-128,URI="k?a=1,2",IV=0xABCD',
      '#EXT-X-MAP:URI="i.mp4",BYTERANGE="720@0"',
      '#EXTINF:4,title, with commas',
      '#EXT-X-BYTERANGE:100@720',
      'm.mp4',
      '#EXTINF:4',
      '#EXT-X-BYTERANGE:50',
      'm.mp4',
      '#EXT-X-KEY:METHOD=NONE',
      '#EXTINF:4,',
      'n.mp4',
    );
    const [first, second, third] = segments;
    assert.deepEqual(first!.range, { offset: 720, length: 100 });
    assert.deepEqual(second!.range, { offset: 820, length: 50 });
    assert.equal(third!.range, undefined);
    assert.equal(first!.key!.uri, 'k?a=1,2');
    assert.equal(first!.key!.iv!.toString('hex'), `${'0'.repeat(28)}abcd`);
    assert.equal(second!.key, first!.key);
    assert.equal(third!.key, undefined);
    assert.deepEqual(third!.map, { uri: 'i.mp4', range: { offset: 0, length: 720 }, key: first!.key });
    assert.deepEqual(
      segments.map(({ sequence }) => sequence),
      [10, 11, 12],
    );
  });

  test('gaps, skipped segments and tags of low latency', () => {
    const { segments, nextSequence } = read(
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:100',
      '#EXT-X-SKIP:SKIPPED-SEGMENTS=3',
      '#EXT-X-GAP',
      '#EXTINF:4,',
      'a.ts',
      '#EXT-X-PART:DURATION=1,URI="b.0.ts"',
      '#EXTINF:4,',
      'b.ts',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="c.0.ts"',
    );
    assert.deepEqual(
      segments.map(({ sequence, gap, uri }) => [sequence, gap, uri]),
      [
        [103, true, 'a.ts'],
        [104, false, 'b.ts'],
      ],
    );
    assert.equal(nextSequence, 105);
  });

  test('what is no playlist', () => {
    for (const text of ['', 'x', '<html>', '#EXTINF:1,\na.ts'])
      assert.throws(() => parsePlaylist(text), { name: 'StreamError', code: 'protocol' });
    const endless = `#EXTM3U\n${'#EXTINF:1,\na\n'.repeat(60_000)}`;
    assert.throws(() => parsePlaylist(endless), { name: 'StreamError', code: 'limit' });
  });
});
