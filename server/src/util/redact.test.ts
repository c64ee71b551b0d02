import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact } from './redact.ts';

const CASES: readonly (readonly [string, string])[] = [
  ['rtsp://user:pa@ss@host/1', 'rtsp://***@host/1'],
  ['http://host/?user=a&password=b&x=1', 'http://host/?user=a&password=***&x=1'],
  [`expr:let password = 'se"cret\\''; 'rtsp://h'`, `expr:let password = '***'; 'rtsp://h'`],
  ['{"user": "a", "access_token": "abc", "x": "y"}', '{"user": "a", "access_token": "***", "x": "y"}'],
  ['data: {username: "me", password: `p`}', 'data: {username: "me", password: `***`}'],
  ['rtsp://h/user=admin_password=tlJw_channel=1', 'rtsp://h/user=admin_password=***'],
  ['GET /api/ws?src=a&token=abc_-9', 'GET /api/ws?src=a&token=***'],
  ['rtsp://h:8554/a?token=abc/trackID=0', 'rtsp://h:8554/a?token=***'],
  ['exec:curl -H "Authorization: Bearer a.b-c" x', 'exec:curl -H "Authorization: Bearer ***" x'],
  ['Basic YWRtaW46c2VjcmV0', 'Basic ***'],
  ['the password is wanted: "abc', 'the password is wanted: "abc'],
  [`wrong password: 'x`, `wrong password: 'x`],
];

for (const [text, masked] of CASES) test(`masks in ${text}`, () => assert.equal(redact(text), masked));

test('takes no longer for what only looks like a secret', () => {
  const started = performance.now();
  redact(`password=${'"\\'.repeat(50_000)}`);
  redact('password:'.repeat(50_000));
  assert.ok(performance.now() - started < 1000);
});
