/**
 * The YAML of `custom:webrtc-camera` (WebRTC Camera by AlexxIT), so that dashboards with it need no change. Pure.
 * docs/card.md has the table of what becomes of each option.
 */
import {
  type CameraConfig,
  type CardConfig,
  flag,
  isRecord,
  type PtzServices,
  parseActions,
  parseAspect,
  type Source,
  text,
} from './config.ts';

type Yaml = Readonly<Record<string, unknown>>;

/** Throws an Error that names the option that is wrong. */
export function parseWebrtcCamera(given: unknown): CardConfig {
  if (!isRecord(given)) throw new Error('the configuration must be a map');
  const sources = parseSources(given);
  const media = text(given, 'media') ?? 'video,audio';
  const camera: CameraConfig = {
    sources,
    name: text(given, 'title') ?? '',
    mode: text(given, 'mode') ?? (given.mse === false ? 'webrtc' : given.webrtc === false ? 'mse' : ''),
    media,
    tier: 'auto',
    muted: flag(given, 'muted', false),
    ...parseStyle(text(given, 'style') ?? ''),
    ui: flag(given, 'ui', false) ? 'full' : 'minimal',
    ptz: parsePtz(given.ptz),
    talk: media.includes('microphone') ? 'hold' : 'off',
    zoom: given.digital_ptz !== false,
    background: flag(given, 'background', false),
    poster: text(given, 'poster'),
    doorbell: undefined,
    shortcuts: parseActions(given.shortcuts, 'shortcuts'),
  };
  return { cameras: [camera], layout: 'grid', columns: 0 };
}

function parseSources(given: Yaml): readonly Source[] {
  const { streams } = given;
  if (streams !== undefined && (!Array.isArray(streams) || streams.length === 0))
    throw new Error('streams: list at least one, with url or entity');
  const list: readonly unknown[] = Array.isArray(streams) ? streams : [given];
  const server = text(given, 'server')?.replace(/\/*$/, '/');
  return list.map((item, index) => {
    if (!isRecord(item)) throw new Error(`streams[${index}]: a map with url or entity`);
    const [entity, url] = [text(item, 'entity'), text(item, 'url')];
    if (!entity && !url) throw new Error('url or entity is missing');
    const own = Array.isArray(streams)
      ? { name: text(item, 'name'), mode: text(item, 'mode'), media: text(item, 'media') }
      : {};
    return entity ? { ...own, entity } : { ...own, stream: url, server };
  });
}

/** Of the CSS, what its documentation recommends for the picture. */
function parseStyle(css: string): Pick<CameraConfig, 'aspect' | 'fit'> {
  const video = /video\s*\{([^}]*)\}/.exec(css)?.[1] ?? '';
  const property = (name: string) => new RegExp(`${name}\\s*:\\s*([^;]+)`).exec(video)?.[1]?.trim();
  const fit = property('object-fit');
  return {
    aspect: parseAspect(property('aspect-ratio')),
    fit: fit === 'cover' || fit === 'fill' ? fit : 'contain',
  };
}

function parsePtz(given: unknown): boolean | PtzServices {
  if (given === undefined) return true;
  if (given === false) return false;
  if (!isRecord(given) || typeof given.service !== 'string') throw new Error('ptz.service is missing');
  const data = Object.entries(given).flatMap(([name, value]) =>
    name.startsWith('data_') && isRecord(value) ? [[name.slice('data_'.length), value] as const] : [],
  );
  return { service: given.service, data: Object.fromEntries(data) };
}
