import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../config/load.ts';
import { checkConfigChange } from './config-policy.ts';

const load = (text: string) => loadConfig([{ kind: 'document', text }]).config;
const before = load(`{
  "streams": {"cam": "rtsp://cam", "run": ["exec:cat /clip.h264", "ffmpeg:cam#raw=-filter_complex x"]},
  "ffmpeg": {"mine": "-c:v libx264"}
}`);

/** The edit: `streams` replaced or added, other sections as given. */
const change = (text: string) => checkConfigChange(before, load(text));
const KEPT = '"run": ["exec:cat /clip.h264", "ffmpeg:cam#raw=-filter_complex x"], "cam": "rtsp://cam"';
const FFMPEG = '"ffmpeg": {"mine": "-c:v libx264"}';

test('ordinary edits pass, and what runs programs already stays', () => {
  change(
    `{"streams": {${KEPT}, "new": ["rtsp://x", "ffmpeg:new#video=mine", "ffmpeg:{input}#video=h264"]}, ${FFMPEG}}`,
  );
  change(`{"streams": {"moved": "exec:cat /clip.h264"}, "api": {"listen": ":1984"}, ${FFMPEG}}`);
});

test('new programs do not', () => {
  const refusals: [string, RegExp][] = [
    [
      `{"streams": {"x": "exec:rm /"}, ${FFMPEG}}`,
      /streams\.x: exec: sources are accepted from the config file only/,
    ],
    [`{"streams": {"x": "exec:cat /clip.h264 -x"}, ${FFMPEG}}`, /streams\.x: exec:/],
    [`{"streams": {"x": "ffmpeg:rtsp://x#raw=-f null"}, ${FFMPEG}}`, /streams\.x: ffmpeg: #raw/],
    [`{"streams": {${KEPT}}, "ffmpeg": {"bin": "/bin/sh"}}`, /ffmpeg: holds command lines/],
    [`{"streams": {${KEPT}}}`, /ffmpeg: holds command lines/],
    [`{"exec": {"allow_paths": ["sh"]}, ${FFMPEG}}`, /exec: holds command lines/],
  ];
  for (const [text, reason] of refusals) assert.throws(() => change(text), reason);
});
