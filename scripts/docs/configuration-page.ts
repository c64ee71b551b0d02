/** docs/configuration.md: the schema of the configuration (config/schema.ts) as tables, one a section. */
import { publishedSchema } from '../../server/src/config/schema.ts';
import { codeSpan, table } from './markdown.ts';

/** What of JSON Schema the configuration uses. */
interface Schema {
  readonly type?: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** An example with a key of every kind; test/architecture.test.ts loads it. */
export const CONFIGURATION_EXAMPLE = `api:
  listen: ":1984" # all interfaces
  username: admin
  password: "\${PORTHOLE_PASSWORD}"

streams:
  front_door: rtsp://user:password@192.168.1.10/stream1
  front_door_sub: rtsp://user:password@192.168.1.10/stream2
  garden:
    - rtsp://user:password@192.168.1.11/h264 # tried first, for each track
    - ffmpeg:garden#audio=opus # what the first one does not have
  yard: { url: onvif://user:password@192.168.1.12, transcode: never }
  upload: # no source: somebody pushes into it

cameras:
  front_door: { name: Front door, area: Entrance, sub: front_door_sub, doorbell: true }
  yard: { enabled: false } # nothing opens its sources

preload:
  front_door: video&audio # kept running, so that it is there at once

publish:
  garden: rtmp://live.example/app/key

transcode: { mode: auto, limit: 2, hardware: auto }

rtsp: { listen: ":8554", username: admin, password: "\${PORTHOLE_PASSWORD}" }
rtmp: { listen: ":1935", username: admin, password: "\${PORTHOLE_PASSWORD}" }

webrtc:
  candidates: [192.168.1.5:8555, stun:8555] # addresses that browsers are told
  ice_servers:
    - { urls: "turn:turn.example:3478", username: me, credential: "\${TURN_PASSWORD}" }

webtorrent:
  shares:
    front-door-for-granny: { pwd: "\${SHARE_PASSWORD}", src: front_door }

onvif:
  discovery: true
  devices: { yard: { listen: ":8101" } }

metrics: { lan: true }

mqtt: { host: 192.168.1.2, username: porthole, password: "\${MQTT_PASSWORD}", still_interval: 30 }

ffmpeg:
  h264/small: -c:v libx264 -preset veryfast -vf scale=640:-2 # a template, for ffmpeg:…#video=h264/small

log: { level: info, rtsp: debug }
`;

/** The page, whole. */
export function renderConfiguration(schema: Schema = publishedSchema()): string {
  const sections = Object.entries(schema.properties ?? {}).map(([name, section]) =>
    renderSection(name, section),
  );
  return `# Configuration

Made from [config/schema.ts](../server/src/config/schema.ts) by \`node scripts/generate-docs.ts\`; editors get the same schema at
\`http://localhost:1984/schema.json\`. The file is \`porthole.yaml\`, or a \`go2rtc.yaml\` as it is. Everything may be left out; a mistake costs only
the value that it is in, and is told in the log. Sections and keys that are not listed pass unchecked and have no effect; the log names such sections, and sources that cannot be opened. \`\${NAME}\` and \`\${NAME:default}\` are filled
in from the section \`env\` or the environment. What can stand in \`streams\` and \`publish\` is in [formats.md](formats.md).

\`\`\`yaml
${CONFIGURATION_EXAMPLE}\`\`\`

${sections.join('\n')}`;
}

const HEAD = ['key', 'what', 'type', 'default'];

function renderSection(name: string, section: Schema): string {
  const { title = name, description } = section;
  const { words } = alternatives(section);
  const alone = words && `Alone it is ${words}; default ${codeSpan(text(section.default))}.`;
  const lines = [othersOf(section) ? '' : description, alone].filter(Boolean).map((line) => `${line}\n\n`);
  return `## \`${name}\`: ${title}\n\n${lines.join('')}${table(HEAD, rowsOf(section, ''))}`;
}

/** What a section may be besides a section. */
function alternatives({ anyOf = [] }: Schema): { words: string; sections: readonly Schema[] } {
  const isWord = (schema: Schema): boolean => !isSection(schema) && schema.type !== 'null';
  return { words: anyOf.filter(isWord).map(typeOf).join(', or '), sections: anyOf.filter(isSection) };
}

/** A row for each key; those of sections within the section have its name in front. */
function rowsOf(schema: Schema, prefix: string): string[][] {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([key, value]) =>
    isSection(value) ? rowsOf(value, `${prefix}${key}.`) : [rowOf(`${prefix}${key}`, value)],
  );
  const others = othersOf(schema);
  if (others && isSection(others)) rows.push(...rowsOf(others, `${prefix}NAME.`));
  else if (others)
    rows.push(rowOf(`${prefix}NAME`, { ...others, description: schema.description ?? schema.title }));
  return [...rows, ...alternatives(schema).sections.flatMap((section) => rowsOf(section, prefix))];
}

const isSection = (schema: Schema): boolean =>
  schema.properties !== undefined || schema.patternProperties !== undefined;

/** The values of keys that have no name in the schema. */
function othersOf({ patternProperties, additionalProperties }: Schema): Schema | undefined {
  if (patternProperties) return Object.values(patternProperties)[0];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function rowOf(path: string, schema: Schema): string[] {
  const { title, description } = schema;
  const what = [title, description].filter(Boolean).join('. ');
  const byDefault = schema.default === undefined ? '' : codeSpan(text(schema.default));
  return [codeSpan(path), what, typeOf(schema), byDefault];
}

function typeOf(schema: Schema): string {
  const { type, format, items, minimum, maximum, anyOf, properties } = schema;
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(', or ');
  if (schema.enum) return schema.enum.filter(Boolean).map(codeSpan).join(', ');
  if (type === 'array') return `list of ${items ? typeOf(items) : 'values'}`;
  if (properties) return `section of ${Object.keys(properties).map(codeSpan).join(', ')}`;
  if (type === 'null') return 'nothing';
  if (type === 'boolean') return 'true or false';
  if (type === 'integer') return maximum === undefined ? 'number' : `${minimum ?? 0} to ${maximum}`;
  return { password: 'secret', listen: 'address' }[format ?? ''] ?? 'text';
}

const text = (value: unknown): string =>
  typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
