import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeer, type Producer } from '../../core/model.ts';
import { Streams } from '../../core/streams.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { openSource } from '../open.ts';

const opened: string[] = [];
const PRODUCER: Producer = {
  peer: createPeer({ format: 'test', protocol: 'test' }),
  tracks: [],
  run: async () => {},
};

function open(
  text: string,
  allowPaths?: readonly string[],
  signal = new AbortController().signal,
): Promise<Producer> {
  const services = {
    streams: new Streams(() => Promise.reject(new Error('unused'))),
    section: () => (allowPaths ? { allow_paths: allowPaths } : {}),
    open: async (result: string, context) => {
      opened.push(result);
      return result.startsWith('test:') ? PRODUCER : openSource(result, context, false);
    },
  } as Partial<Services> as Services;
  return openSource(text, { stream: 'camera', signal, log: createLogger('echo'), services }, true);
}

test('what the program prints is opened, with its options', async () => {
  await open(`echo:echo "test:cam#video=h264"`);
  await open(`echo:printf '  test:%s#x  \\n\\n' b`);
  assert.deepEqual(opened.splice(0), ['test:cam#video=h264', 'test:b#x']);
});

test('it may not lead to a program, nor to what is no source', async () => {
  await assert.rejects(
    open('echo:echo exec:cat'),
    /^StreamError: echo: exec: sources are accepted from the config file/,
  );
  await assert.rejects(open('echo:echo expr:1'), { code: 'unsafe_source' });
  await assert.rejects(open('echo:echo nonsense'), { code: 'invalid_source' });
  await assert.rejects(open('echo:true'), /printed nothing/);
  await assert.rejects(
    open(`echo:sh -c 'echo test:x; echo no camera >&2; exit 2'`),
    /exit code 2: no camera/,
  );
  await assert.rejects(open('echo:yes'), { code: 'limit' });
  await assert.rejects(open('echo:missing-program-x'), /program not found/);
});

test('echo.allow_paths', async () => {
  await open('echo:echo test:a', ['echo']);
  await assert.rejects(open('echo:printf test:a', ['echo']), /printf is not in echo\.allow_paths/);
});

test('is ended when nobody waits any more', async () => {
  const stop = new AbortController();
  const opening = open('echo:sleep 20', undefined, stop.signal);
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(opening, { code: 'aborted' });
});
