/**
 * The options of the add-on (`/data/options.json`) and what they mean in the configuration. They come before the config
 * file, so that the file has the last word.
 *
 *   {"username": "admin", "password": "…", "rtsp_on_lan": true}
 *   → api:  {listen: ":1984", username: admin, password: …}
 *     rtsp: {listen: ":8554", username: admin, password: …}
 *
 * Nothing listens in the network without credentials, unless `open_to_lan` says so. A mistake costs the one option it is in.
 */
import { type Static, Type } from 'typebox';
import { decode } from '../config/decode.ts';
import type { ConfigProblem } from '../config/error.ts';
import { parseFragments } from '../config/fragments.ts';
import { deepMerge, withDefaults } from '../config/merge.ts';

const MQTT_MODES = ['auto', 'on', 'off'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export const optionsSchema = Type.Object({
  install_integration: Type.Boolean({ default: true }),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String({ format: 'password' })),
  open_to_lan: Type.Boolean({ default: false }),
  rtsp_on_lan: Type.Boolean({ default: false }),
  webrtc_port: Type.Integer({ minimum: 1, maximum: 65535, default: 8555 }),
  mqtt: Type.Unsafe<(typeof MQTT_MODES)[number]>(Type.String({ enum: MQTT_MODES, default: 'auto' })),
  log_level: Type.Unsafe<(typeof LOG_LEVELS)[number]>(Type.String({ enum: LOG_LEVELS, default: 'info' })),
});

export type AddonOptions = Static<typeof optionsSchema>;

export interface ParsedOptions {
  readonly options: AddonOptions;
  readonly problems: readonly ConfigProblem[];
}

const SOURCE = 'options of the add-on';

/** Reads the text of options.json; what cannot be used is reported, and its default taken. Never throws. */
export function parseOptions(text: string): ParsedOptions {
  const problems: ConfigProblem[] = [];
  const report = (offset: number, path: string, message: string): void => {
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    problems.push({ source: SOURCE, line, column: offset - before.lastIndexOf('\n'), path, message });
  };
  const given = parseFragments(text, ({ offset, message }) => report(offset, '', message))
    .map((fragment) =>
      decode(fragment, optionsSchema, (offset, path, message) => report(offset, path.join('.'), message)),
    )
    .reduce((under, over) => deepMerge(under, over ?? {}), {});
  const options = withDefaults(given, optionsSchema) as AddonOptions;
  const { username = '', password = '' } = options;
  if ((username === '') !== (password === '')) {
    const missing = username === '' ? 'username' : 'password';
    report(0, missing, 'missing: a user name and a password work together only, so neither is used');
  }
  if (options.rtsp_on_lan && !hasCredentials(options) && !options.open_to_lan) {
    report(0, 'rtsp_on_lan', 'needs username and password: RTSP stays closed to the network');
  }
  return { options, problems };
}

/** The configuration that the options ask for. */
export function configOfOptions(options: AddonOptions): object {
  const { username, password, open_to_lan, rtsp_on_lan, webrtc_port, mqtt, log_level } = options;
  const credentials = hasCredentials(options) ? { username, password } : {};
  const open = hasCredentials(options) || open_to_lan;
  return {
    log: { level: log_level },
    api: { listen: open ? ':1984' : '127.0.0.1:1984', ...credentials },
    rtsp: { listen: rtsp_on_lan && open ? ':8554' : '127.0.0.1:8554', ...credentials },
    webrtc: { listen: `:${webrtc_port}` },
    mqtt: { mode: mqtt },
  };
}

function hasCredentials({ username, password }: AddonOptions): boolean {
  return Boolean(username && password);
}
