import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClipCamera, makeClip, TEST_VIDEO } from '../../../test/helpers/mp4-clip.ts';
import { freePort } from '../../../test/helpers/ports.ts';
import { until } from '../../../test/helpers/wait.ts';
import { Streams } from '../core/streams.ts';
import type { Services } from '../formats/format.ts';
import { type RtmpServer, startRtmpServer } from '../formats/rtmp/server.ts';
import { configureLog, createLogger } from '../util/log.ts';
import { Publications } from './publications.ts';

let lines = '';
configureLog({
  level: 'info',
  write: (text: string) => {
    lines += text;
  },
});
const log = createLogger('publish');

describe('publications', () => {
  let streams: Streams;
  let publications: Publications;
  let remote: Streams;
  let server: RtmpServer;
  let port: number;
  const address = (name: string): string => `rtmp://user:hidden-password@127.0.0.1:${port}/${name}`;
  const listen = (at: number): Promise<RtmpServer> =>
    startRtmpServer({ listen: `127.0.0.1:${at}`, streams: remote, log });
  const arrives = (name: string): Promise<boolean> =>
    until(`the push into ${name}`, () => remote.require(name).sources.length > 0);
  const ends = (name: string): Promise<boolean> =>
    until(`the push into ${name} to end`, () => remote.require(name).sources.length === 0);

  before(async () => {
    const clip = await makeClip(...TEST_VIDEO, '-t', '1', '-c:v', 'libx264', '-g', '12');
    streams = new Streams(async () => new ClipCamera(clip), { lingerMs: 0 });
    streams.set('cam', ['clip:']);
    remote = new Streams(() => Promise.reject(new Error('nothing to open')), { lingerMs: 0 });
    for (const name of ['one', 'two', 'three']) remote.set(name, []);
    server = await listen(0);
    port = server.port;
    publications = new Publications({ streams, section: () => ({}) } as unknown as Services, log);
  });
  after(async () => {
    publications.close();
    await server.close();
    streams.close();
    remote.close();
  });

  test('resolves when packets flow, and ends when stopped', async () => {
    await publications.start('cam', address('one'));
    assert.equal(streams.require('cam').subscriptions.length, 1);
    await arrives('one');
    assert.equal(publications.stop('cam', address('one')), true);
    assert.equal(publications.stop('cam', address('one')), false);
    await ends('one');
    await until('the camera to be let go', () => streams.require('cam').subscriptions.length === 0);
  });

  test('started twice, it is one', async () => {
    await publications.start('cam', address('one'));
    await publications.start('cam', address('one'));
    await until('the first to be gone', () => streams.require('cam').subscriptions.length === 1);
    publications.stop(undefined, address('one'));
    await ends('one');
  });

  const REFUSED: readonly (readonly [string, string, string, string])[] = [
    ['a scheme that nothing can be pushed to', 'cam', 'tcp://127.0.0.1:1', 'unsupported'],
    ['an address of no scheme', 'cam', 'somewhere', 'invalid_source'],
    ['a stream that is not there', 'none', 'rtmp://127.0.0.1:1/a/b', 'not_found'],
    ['a server that does not answer', 'cam', 'rtmp://127.0.0.1:1/a/b', 'unreachable'],
  ];
  for (const [what, stream, target, code] of REFUSED) {
    test(`rejects for ${what}, and leaves it at that`, async () => {
      await assert.rejects(publications.start(stream, target), { code });
      await sleep(20);
      assert.equal(publications.stop(stream, target), false);
    });
  }

  test('goes on when the stream is given another source, and ends with the stream', async () => {
    streams.set('brief', ['clip:']);
    await publications.start('brief', address('one'));
    await arrives('one');
    streams.set('brief', ['clip:other']);
    await ends('one');
    await arrives('one');
    streams.delete('brief');
    await ends('one');
    await sleep(200);
    assert.equal(publications.stop('brief', address('one')), false);
  });

  test('those of the config follow it', async () => {
    publications.apply({ cam: address('one') });
    await arrives('one');
    const [before] = remote.require('one').sources;
    publications.apply({ cam: [address('one'), address('two')] }, { cam: address('one') });
    await arrives('two');
    assert.equal(remote.require('one').sources[0], before);
    publications.apply({ cam: address('two') }, { cam: [address('one'), address('two')] });
    await ends('one');
    publications.apply({}, { cam: address('two') });
    await ends('two');
  });

  test('one of the config goes on trying: a server that comes later, one that goes away and returns', async () => {
    await server.close();
    port = await freePort();
    publications.apply({ cam: address('three') });
    await sleep(300);
    server = await listen(port);
    await arrives('three');
    await server.close();
    await ends('three');
    server = await listen(port);
    await arrives('three');
    publications.stop('cam', address('three'));
    assert.match(lines, /WRN \[publish\] publish stream=cam server=rtmp:\/\/.*refused/);
    assert.doesNotMatch(lines, /hidden-password|\/three/);
  });
});
