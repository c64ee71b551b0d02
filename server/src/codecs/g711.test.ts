import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import { ALAW_TO_LINEAR, LINEAR_TO_ALAW, LINEAR_TO_MULAW, MULAW_TO_LINEAR } from './g711.ts';

const LAWS = [
  { law: 'alaw', toLinear: ALAW_TO_LINEAR, fromLinear: LINEAR_TO_ALAW },
  { law: 'mulaw', toLinear: MULAW_TO_LINEAR, fromLinear: LINEAR_TO_MULAW },
];

for (const { law, toLinear, fromLinear } of LAWS) {
  test(`${law}: all 256 codes decode as FFmpeg decodes them`, () => {
    const codes = Buffer.from(Uint8Array.from({ length: 256 }, (_, code) => code));
    const linear = ffmpeg(`-f ${law} -ar 8000 -ac 1 -i - -f s16le -`, codes);
    assert.deepEqual(
      [...toLinear],
      Array.from({ length: 256 }, (_, code) => linear.readInt16LE(code * 2)),
    );
  });

  test(`${law}: all 65536 samples encode as FFmpeg encodes them`, () => {
    const linear = Buffer.alloc(131072);
    for (let index = 0; index < 65536; index++) linear.writeUInt16LE(index, index * 2);
    const codes = ffmpeg(`-f s16le -ar 8000 -ac 1 -i - -f ${law} -`, linear);
    assert.ok(codes.equals(fromLinear));
  });
}
