import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isModuleOn } from './modules.ts';

const CASES: readonly (readonly [string, readonly string[] | undefined, boolean])[] = [
  ['exec', undefined, true],
  ['exec', [], true],
  ['exec', ['api', 'rtsp'], false],
  ['rtsp', ['api', 'rtsp'], true],
  ['tcp', ['http'], true],
  ['hls', ['http'], true],
  ['udp', ['mpegts'], true],
  ['udp', ['udp'], true],
  ['udp', ['http'], false],
  ['stream', ['api'], true],
];
for (const [name, modules, on] of CASES) {
  test(`${name} with ${modules?.join() ?? 'no list'}: ${on ? 'on' : 'off'}`, () => {
    assert.equal(isModuleOn(name, modules ? { modules } : {}), on);
  });
}
