/** Writes docs/formats.md from the table of formats; test/architecture.test.ts fails when the file is stale. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Format } from '../server/src/formats/format.ts';
import { FORMATS } from '../server/src/formats/index.ts';
import { FORMAT_OPTIONS } from './format-options.ts';

export const FORMATS_PAGE = join(import.meta.dirname, '../docs/formats.md');

const GROUPS: readonly (readonly [Format['group'], string])[] = [
  ['camera', 'Cameras'],
  ['network', 'Network protocols'],
  ['file', 'Byte formats'],
  ['device', 'Devices of this machine'],
  ['program', 'Programs and streams'],
  ['output', 'Outputs'],
];

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
  return `# Formats

Made from the table in [formats/index.ts](../server/src/formats/index.ts) by \`node scripts/generate-docs.ts\`.
A byte format is read from HTTP, TCP, a program's output and HTTP POST alike.

${sections.join('\n')}
${NOT_OFFERED}`;
}

function renderFormat(format: Format): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Source', code(format.schemes?.map((scheme) => `${scheme}:`))],
    ['Example', code(format.example && [format.example])],
    ['MIME types', code(format.mimeTypes)],
    ['Brings in', code(format.receives)],
    ['Gives out', code(format.sends)],
    ['Output', format.output && code(format.extensions?.map((extension) => `GET /api/stream.${extension}`))],
    [
      'Ingress',
      format.demuxer && code(format.extensions?.map((extension) => `POST /api/stream.${extension}?dst=`)),
    ],
    ['Pushes to', format.publisher && code(format.schemes?.map((scheme) => `${scheme}:`))],
    ['Options', renderOptions(FORMAT_OPTIONS[format.name])],
    ['Discovery', format.discovery && code([`GET /api/${format.name}`])],
    ['Accepted from', format.unsafe ? 'the config file only, as it runs programs' : ''],
  ];
  const lines = facts
    .filter(([, value]) => value)
    .map(([name, value]) => `- ${name}: ${value}`.replace(': \n', ':\n'));
  return `### ${format.title}\n\n${lines.join('\n')}\n`;
}

function renderOptions(options: Readonly<Record<string, string>> | undefined): string {
  const items = Object.entries(options ?? {}).map(([name, meaning]) => `\n  - \`${name}\` ${meaning}`);
  return items.join('');
}

function code(values: readonly string[] | undefined | ''): string {
  return (values || []).map((value) => `\`${value}\``).join(' ');
}

if (import.meta.main) writeFileSync(FORMATS_PAGE, renderFormats());
