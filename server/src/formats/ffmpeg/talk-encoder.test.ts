import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../../test/helpers/wait.ts';
import { audioCodec } from '../../codecs/codec.ts';
import { clearLog, configureLog, readLog } from '../../util/log.ts';
import { createTalkEncoders } from './talk-encoder.ts';

configureLog({ level: 'info', write: undefined });

test('an encoder that ends says for which stream it was', async () => {
  clearLog();
  const encoder = createTalkEncoders(() => 'false')(audioCodec('aac', 16_000));
  const talk = await encoder!.start({ write: () => {}, close: () => {} }, 'front_door');
  await until('the warning', () => readLog().includes('talk encoder ended'));
  const line = readLog()
    .split('\n')
    .find((text) => text.includes('talk encoder ended'));
  assert.equal(JSON.parse(line!).stream, 'front_door');
  talk.close();
});

test('only what FFmpeg is asked for', () => {
  const find = createTalkEncoders(() => 'ffmpeg');
  assert.equal(find(audioCodec('opus', 48_000, 2)), undefined);
  assert.equal(find(audioCodec('aac', 8000))?.input.sampleRate, 8000);
});
