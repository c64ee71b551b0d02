/** Config text: whatever stands in it, loading reports and goes on, and an edit is made or refused with a ConfigError. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeDocument, setValue } from '../../server/src/config/edit.ts';
import { ConfigError } from '../../server/src/config/error.ts';
import { loadConfig } from '../../server/src/config/load.ts';
import { streamList } from '../../server/src/config/streams.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 400;

test('config text', () => {
  const corpus = readCorpus('config');
  const random = createRandom(20260801);
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutate(corpus[random(corpus.length)]!, random).toString();
    const { config, problems } = loadConfig([{ kind: 'file', path: '/nonexistent/fuzz.yaml' }], {
      environment: {},
      fileText: text,
    });
    assert.equal(typeof config.api.listen, 'string');
    for (const { name, sources } of streamList(config)) {
      assert.equal(typeof name, 'string');
      assert.ok(sources.every((source) => typeof source === 'string' && source !== ''));
    }
    for (const { line, column, message } of problems) {
      assert.ok(line >= 1 && column >= 1 && message.length < 500, `${line}:${column} ${message}`);
    }
    tryEdit(text, (before) => setValue(before, ['streams', 'fuzz'], ['rtsp://fuzz']));
    tryEdit(text, (before) => setValue(before, ['streams', 'garden'], undefined));
    tryEdit(text, (before) => mergeDocument(before, 'api: {username: fuzz}'));
  }
});

/** An edit keeps every other stream as it was. */
function tryEdit(text: string, change: (text: string) => string): void {
  let edited: string;
  try {
    edited = change(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${error}`);
    return;
  }
  assert.ok(edited.length < 2 * text.length + 1000);
  assert.deepEqual(otherStreams(edited), otherStreams(text));
}

function otherStreams(text: string): unknown {
  const { config } = loadConfig([{ kind: 'file', path: '/nonexistent/fuzz.yaml' }], {
    environment: {},
    fileText: text,
  });
  return streamList(config).filter(({ name }) => name !== 'fuzz' && name !== 'garden');
}
