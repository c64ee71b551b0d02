/**
 * The one schema of the configuration: it validates and fills in defaults (load.ts), gives the code its types, and is
 * served as `/schema.json` for editors and forms. Keys and meanings are go2rtc's, so its files work as they are.
 *
 * Different from go2rtc, on purpose: the API and the RTSP server listen on loopback until the config names an address.
 *
 * `format` says more about a text: `listen` is checked by listen.ts, `password` is a secret and never shown.
 * Sections and keys that are not named here pass unchecked.
 */
import { type Static, type TSchema, Type } from 'typebox';

const text = (title: string, options: object = {}) => Type.Optional(Type.String({ title, ...options }));
const secret = (title: string) => text(title, { format: 'password', writeOnly: true });
const texts = (title: string, options: object = {}) =>
  Type.Optional(Type.Array(Type.String(), { title, ...options }));
const flag = (title: string, value = false) => Type.Boolean({ title, default: value });
const section = <P extends Record<string, TSchema>>(title: string, properties: P, options: object = {}) =>
  Type.Object(properties, { title, default: {}, ...options });

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic', 'disabled'] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];
const logLevel = (options: object = {}) =>
  Type.Unsafe<LogLevelName>(Type.String({ enum: LOG_LEVELS, ...options }));

const app = section('Application', {
  modules: texts('Only these modules are used', {
    description: 'Names as in go2rtc: rtsp, webrtc, rtmp, onvif, ffmpeg, exec … Default: all.',
  }),
});

const api = section('HTTP API and web page', {
  listen: Type.String({
    title: 'Address',
    description: 'host:port, or :port for all interfaces; empty: no TCP listener.',
    default: '127.0.0.1:1984',
    format: 'listen',
  }),
  username: text('User name', { description: 'Asked of everyone but this machine itself (see local_auth).' }),
  password: secret('Password'),
  local_auth: flag('Ask this machine for the password too'),
  base_path: Type.String({
    title: 'Path prefix',
    description: 'Such as /porthole, without a slash at the end.',
    pattern: '^(/[^/?#\\s]+)*$',
    default: '',
  }),
  static_dir: text('Folder of a web page to serve instead of the built-in one'),
  origin: Type.Unsafe<'' | '*'>(
    Type.String({
      title: 'Allowed origin',
      description: '"*" lets every web site use this API from a browser. Leave empty.',
      enum: ['', '*'],
      default: '',
    }),
  ),
  tls_listen: Type.String({ title: 'HTTPS address', format: 'listen', default: '' }),
  tls_cert: text('Certificate', { description: 'A file, or PEM text.' }),
  tls_key: text('Private key', { description: 'A file, or PEM text.', format: 'password', writeOnly: true }),
  unix_listen: Type.String({ title: 'Unix socket', default: '' }),
  allow_paths: texts('Only these paths are served', { description: 'Such as /api/ws. Default: all.' }),
  allow_hosts: texts('Host names this server is reached by', {
    description: 'Besides IP addresses, localhost, *.local and names without a dot.',
  }),
  read_only: flag('Refuse every change'),
});

const log = section(
  'Log',
  {
    level: logLevel({ title: 'Level', default: 'info' }),
    format: Type.Unsafe<'' | 'text' | 'color' | 'json'>(
      Type.String({ title: 'Form', enum: ['', 'text', 'color', 'json'], default: '' }),
    ),
    output: Type.String({
      title: 'Output',
      description: 'stdout, stderr, file, file:PATH, or empty for memory only.',
      default: 'stdout',
    }),
    time: Type.String({ title: 'Time', description: 'Empty: lines without a time.', default: 'UNIXMS' }),
  },
  {
    description: 'Any other key is the name of a module and its level, such as rtsp: debug.',
    additionalProperties: logLevel(),
  },
);

const env = Type.Record(Type.String(), Type.String({ format: 'password' }), {
  title: 'Values for placeholders in this file',
  default: {},
});

const transcodeMode = (options: object = {}) =>
  Type.Unsafe<'auto' | 'never'>(
    Type.String({ enum: ['auto', 'never'], title: 'Transcode for viewers that need it', ...options }),
  );

const transcode = Type.Union(
  [
    Type.Null(),
    transcodeMode(),
    Type.Object({
      mode: Type.Optional(transcodeMode()),
      limit: Type.Optional(
        Type.Integer({
          title: 'Pictures transcoded at a time',
          description: 'Default: one for every two processor cores, at least 2.',
          minimum: 0,
          maximum: 1000,
        }),
      ),
      hardware: text('Hardware encoder', {
        description: 'auto: what works; off: none.',
        enum: ['auto', 'off', 'vaapi', 'cuda', 'dxva2', 'videotoolbox', 'v4l2m2m', 'rkmpp'],
      }),
    }),
  ],
  {
    title: 'Transcoding',
    description: 'When a viewer takes none of the codecs of a stream: auto, never, or a section.',
    default: 'auto',
  },
);

const sourceList = Type.Array(Type.String());
const stream = Type.Union([
  Type.Null(),
  Type.String(),
  sourceList,
  Type.Object({
    url: Type.Optional(Type.Union([Type.String(), sourceList])),
    transcode: Type.Optional(transcodeMode()),
  }),
]);

const streams = Type.Record(Type.String(), stream, {
  title: 'Streams',
  description: 'Name and source, or a list of sources that are tried in order for each track.',
  default: {},
});

const cameras = Type.Record(
  Type.String(),
  Type.Union([
    Type.Null(),
    Type.Object({
      name: text('Name'),
      area: text('Area', { description: 'Where it is; areas of Home Assistant are matched by it.' }),
      sub: text('Sub stream', {
        description: 'Name of the stream with a smaller picture of the same camera.',
      }),
      enabled: Type.Optional(
        Type.Boolean({ title: 'Enabled', description: 'false: nothing opens its sources.' }),
      ),
      doorbell: Type.Optional(Type.Boolean({ title: 'Doorbell', description: 'true: it rings.' })),
    }),
  ]),
  {
    title: 'Cameras',
    description: 'What the stream of this name cannot say by itself.',
    default: {},
  },
);

const publish = Type.Record(Type.String(), Type.Union([Type.String(), sourceList]), {
  title: 'Publish',
  description: 'Stream name and the address it is pushed to, such as rtmp://server/app/key, or several.',
  default: {},
});

const preload = Type.Record(Type.String(), Type.Union([Type.Null(), Type.String()]), {
  title: 'Preload',
  description: 'Streams that are kept running, and which tracks: video=h264&audio.',
  default: {},
});

const rtsp = section('RTSP server', {
  listen: Type.String({ title: 'Address', default: '127.0.0.1:8554', format: 'listen' }),
  username: text('User name'),
  password: secret('Password'),
  default_query: Type.String({ title: 'Tracks if the address names none', default: 'video&audio' }),
  pkt_size: Type.Integer({
    title: 'Largest RTP packet',
    description: 'Bytes; 0: 1472.',
    default: 0,
    minimum: 0,
    maximum: 65535,
  }),
});

const rtmp = section('RTMP server', {
  listen: Type.String({
    title: 'Address',
    description: 'Such as :1935; empty: no RTMP server.',
    default: '',
    format: 'listen',
  }),
  username: text('User name', { description: 'Asked of everyone but this machine itself.' }),
  password: secret('Password'),
});

const iceServer = Type.Object({
  urls: Type.Union([Type.String(), Type.Array(Type.String())]),
  username: text('User name'),
  credential: secret('Credential'),
});

const webrtc = section('WebRTC', {
  listen: Type.String({
    title: 'Address',
    description: ':8555 for UDP and TCP, :8555/tcp or :8555/udp for one of them.',
    default: ':8555',
    format: 'listen',
  }),
  candidates: Type.Array(Type.String(), {
    title: 'Addresses to announce',
    description: 'host:port, or stun:8555 for the public address.',
    default: [],
  }),
  ice_servers: Type.Optional(
    Type.Array(iceServer, { title: 'STUN and TURN servers', description: 'Default: public STUN servers.' }),
  ),
  filters: section('Which of our own addresses are offered', {
    candidates: texts('Only these addresses'),
    loopback: flag('Loopback too'),
    interfaces: texts('Only these network interfaces'),
    ips: texts('Only these IPs'),
    networks: Type.Optional(
      Type.Array(
        Type.Unsafe<'udp4' | 'udp6' | 'tcp4' | 'tcp6'>(
          Type.String({ enum: ['udp4', 'udp6', 'tcp4', 'tcp6'] }),
        ),
        { title: 'Only these networks' },
      ),
    ),
    udp_ports: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 65535 }), {
        title: 'First and last UDP port',
        maxItems: 2,
      }),
    ),
  }),
});

const ffmpeg = section(
  'FFmpeg',
  {
    bin: Type.String({ title: 'Program', default: 'ffmpeg' }),
    global: text('Arguments of every call'),
    timeout: text('Timeout of inputs, in seconds'),
  },
  { description: 'Any other key is a template: its arguments.', additionalProperties: Type.String() },
);

const webtorrent = section('Shares by a link (WebTorrent)', {
  trackers: Type.Array(Type.String(), {
    title: 'Trackers',
    description: 'The first is used; empty: nothing is shared.',
    default: ['wss://tracker.openwebtorrent.com'],
  }),
  shares: Type.Record(
    Type.String(),
    Type.Object({ pwd: secret('Password, at least 4 letters'), src: text('Stream') }),
    { title: 'Shares', description: 'A name of at least 8 letters for each.', default: {} },
  ),
});

const metrics = section('Prometheus', {
  lan: flag('Give /metrics to other machines too', false),
});

const onvif = section('ONVIF server', {
  discovery: flag('Announce the streams as cameras in the local network'),
  devices: Type.Record(
    Type.String(),
    Type.Object({ listen: Type.String({ title: 'Address', format: 'listen', default: '' }) }),
    {
      title: 'Streams with an address of their own',
      description: 'For recorders that tell cameras apart by their port, such as :8101.',
      default: {},
    },
  ),
});

const hass = section('Home Assistant as a source', {
  url: text('Address', { description: 'Such as http://192.168.1.5:8123; an add-on knows its own.' }),
  token: secret('Long-lived access token'),
  config: text('Folder of its configuration', {
    description: 'For hass:TITLE: cameras that its configuration holds.',
  }),
});

const mqtt = section(
  'MQTT',
  {
    mode: Type.Unsafe<'auto' | 'on' | 'off'>(
      Type.String({
        title: 'Tell Home Assistant of the cameras over MQTT',
        description: 'auto: while no Porthole integration is connected.',
        enum: ['auto', 'on', 'off'],
        default: 'auto',
      }),
    ),
    host: Type.String({
      title: 'Broker',
      description:
        "Host name or address. Empty: the add-on takes Home Assistant's own broker; elsewhere no MQTT.",
      default: '',
    }),
    port: Type.Integer({
      title: 'Port',
      description: '0: 1883, or 8883 with TLS.',
      default: 0,
      minimum: 0,
      maximum: 65535,
    }),
    tls: flag('TLS'),
    username: text('User name'),
    password: secret('Password'),
    discovery_prefix: Type.String({ title: "Home Assistant's discovery prefix", default: 'homeassistant' }),
    topic_prefix: Type.String({ title: 'Beginning of our own topics', default: 'porthole' }),
    still_interval: Type.Integer({
      title: 'Seconds between pictures of a camera',
      description: 'Each opens the camera for a moment. 0: only when something happens.',
      default: 60,
      minimum: 0,
      maximum: 86400,
    }),
  },
  { description: 'Devices with a still picture, states and switches, by MQTT discovery.' },
);

const program = (title: string) =>
  section(title, {
    allow_paths: texts('Programs that may run', {
      description: 'The first word of the command. Default: all.',
    }),
  });

export const configSchema = Type.Object(
  {
    app,
    api,
    log,
    env,
    streams,
    cameras,
    publish,
    preload,
    rtsp,
    rtmp,
    webrtc,
    webtorrent,
    ffmpeg,
    transcode,
    metrics,
    hass,
    mqtt,
    exec: program('Sources that run a program (exec:)'),
    onvif,
    echo: program('Sources whose address a program prints (echo:)'),
  },
  { title: 'Porthole configuration' },
);

/** A configuration with its defaults filled in. Sections that the schema doesn't name are there at run time. */
export type Config = Static<typeof configSchema>;
/** The value of a stream in the config file. */
export type StreamValue = Static<typeof stream>;

/** The schema for editors of config files: there, nothing is required. */
export function publishedSchema(): object {
  const text = JSON.stringify(configSchema, (key, value) => (key === 'required' ? undefined : value));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...JSON.parse(text) };
}
