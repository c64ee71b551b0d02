/** docs/formats.md: the table of formats with its notes, and what is proved of them. */
import type { Format } from '../../server/src/formats/format.ts';
import { FORMATS } from '../../server/src/formats/index.ts';
import { FORMAT_NOTES, type Meanings } from './format-notes.ts';
import { code, meanings } from './markdown.ts';
import { renderMatrix } from './matrix.ts';

const GROUPS: readonly (readonly [Format['group'], string])[] = [
  ['camera', 'Cameras'],
  ['network', 'Network protocols'],
  ['file', 'Byte formats'],
  ['device', 'Devices of this machine'],
  ['program', 'Programs and streams'],
  ['output', 'Outputs'],
];

const INTRODUCTION = `# Formats

Made by \`node scripts/generate-docs.ts\` from the table in [formats/index.ts](../server/src/formats/index.ts), the notes in
[scripts/docs](../scripts/docs) and the tables of [test/matrix](../test/matrix).

- **Sources** stand in the config, \`streams: {front_door: rtsp://…}\`, or are given by \`PUT /api/streams?name=front_door&src=…\`. What
  stands behind a \`#\` is an option, taken as it stands; several follow each other, \`#timeout=10#media=video\`.
- **A byte format** is read from HTTP, TCP, a program's output and HTTP POST alike, recognised by its MIME type or its first bytes.
- **Who pushes** needs a stream to push into; it may have no source: \`streams: {upload: }\`.
- **Pushed to** other servers are streams of \`publish: {front_door: rtmp://…}\` and of \`POST /api/streams?src=front_door&dst=rtmp://…\`.
- In addresses, this machine is \`localhost\`, the stream to watch \`front_door\`, the one to push into \`upload\`.

## Which tracks

\`video\` and \`audio\` in the query of an output (and of \`preload\`) choose tracks by their codecs; a kind that is not named is not sent.

- \`video=h264,h265&audio=aac,opus\` one track of each, in the first of these codecs that the camera has
- \`video&audio=copy\` whatever the camera has
- \`audio=pcma/8000,l16/16000/1\` with sample rate and channels
- \`video=all\` every track (RTSP)

Names are those of FFmpeg, of SDP and of go2rtc. What the camera has in none of the codecs that a viewer takes is transcoded, unless
\`transcode: never\` says otherwise: video to H.264, JPEG or raw pictures, sound to the viewer's first choice.
`;

const NOT_OFFERED = `## Not offered

- **SRT**, \`srt:\`. We found no package on npm that brings libsrt, or the protocol, as a prebuilt binary for Linux on x64 and arm64 that is
  kept up with current Node.js; a protocol of our own would be encryption, retransmission and congestion control, which the
  system's FFmpeg has from libsrt. Use \`ffmpeg:srt://192.168.1.10:9000#video=copy#audio=copy\`, also through the API.
`;

/** docs/formats.md, whole. */
export function renderFormats(formats: readonly Format[] = FORMATS): string {
  const sections = GROUPS.flatMap(([group, title]) => {
    const rows = formats.filter((format) => format.group === group);
    return rows.length === 0 ? [] : [`## ${title}\n\n${rows.map(renderFormat).join('\n')}`];
  });
  return [INTRODUCTION, ...sections, renderMatrix(), NOT_OFFERED].join('\n');
}

function renderFormat(format: Format): string {
  const { sources, options, outputs, query, targets, pushes } = FORMAT_NOTES[format.name] ?? {};
  const example: Meanings = format.example ? { [format.example]: '' } : {};
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Source', meanings({ ...example, ...sources })],
    ['Options', meanings(options)],
    ['MIME types', code(format.mimeTypes)],
    ['Brings in', code(format.receives)],
    ['Gives out', code(format.sends)],
    ['Output', meanings(outputs)],
    ['Query', meanings(query)],
    ['Pushed by', meanings(pushes)],
    ['Pushes to', meanings(targets)],
    ['Discovery', format.discovery && code([`GET /api/${format.name}`])],
    ['Found by', format.scan && code([`GET /api/scan?kind=${format.scan.kind}`])],
    ['Tells of motion and rings', format.events && 'yes'],
    ['Can be moved', format.ptz && 'yes, where the camera can'],
    ['Accepted from', format.unsafe ? 'the config file only, as it runs programs' : ''],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value ? [`- ${name}:${value.startsWith('\n') ? '' : ' '}${value}`] : [],
  );
  return `### ${format.title}\n\n${lines.join('\n')}\n`;
}
