/** What stands on the nodes and edges of the map. */
import { codecTitle } from '../../lib/codec-titles.ts';
import { formatBitrate } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import type { IconName } from '../../lib/icons.ts';
import type { Flow } from './flow.ts';
import type { MapNode } from './graph.ts';
import type { Codec, Viewer } from './streams.ts';

export interface NodeWords {
  readonly icon: IconName;
  readonly kind: string;
  readonly title: string;
  readonly note: string;
}

const FORMATS: Readonly<Record<string, string>> = {
  ffmpeg: 'FFmpeg',
  homekit: 'HomeKit',
  http: 'HTTP',
  matroska: 'Matroska',
  mpegts: 'MPEG-TS',
  webrtc: 'WebRTC',
  webtorrent: 'WebTorrent',
};

/** Programs that say who they are, the special ones before those that they are built on. */
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/home ?assistant/i, 'Home Assistant'],
  [/frigate/i, 'Frigate'],
  [/lavf|ffmpeg/i, 'FFmpeg'],
  [/gstreamer/i, 'GStreamer'],
  [/vlc/i, 'VLC'],
  [/mpv/i, 'mpv'],
  [/edg\//i, 'Edge'],
  [/opr\//i, 'Opera'],
  [/firefox|fxios/i, 'Firefox'],
  [/chrom(e|ium)|crios/i, 'Chrome'],
  [/safari/i, 'Safari'],
  [/^curl/i, 'curl'],
  [/^(python|aiohttp)/i, 'Python'],
];

export function nodeWords(node: MapNode): NodeWords {
  switch (node.kind) {
    case 'source': {
      const { source, state, tier } = node;
      const place = source.address ? hostOf(source.address) : addressOf(source.url);
      const title = [formatTitle(source.format || schemeOf(source.url)), tier && t(`map.${tier}`)];
      return {
        icon: 'cameras',
        kind: t('map.source'),
        title: title.filter(Boolean).join(' · '),
        note: state === 'live' ? place : [t(`map.${state}`), place].filter(Boolean).join(' · '),
      };
    }
    case 'track': {
      const { codec } = node;
      const isVideo = VIDEO.has(codec.name);
      return {
        icon: isVideo ? 'video' : 'sound',
        kind: t(isVideo ? 'map.track.video' : 'map.track.audio'),
        title: codecTitle(codec.name),
        note: codecNote(codec),
      };
    }
    case 'transcoder':
      return {
        icon: 'convert',
        kind: t('map.transcoder'),
        title: `${codecTitle(node.from)} → ${codecTitle(node.to)}`,
        note: node.hardware || t('map.transcoder'),
      };
    case 'viewer': {
      const { viewer, own } = node;
      return {
        icon: own ? 'config' : 'eye',
        kind: t('map.viewer'),
        title: own
          ? t(viewer.format === 'probe' ? 'map.viewer.probe' : 'map.viewer.preload')
          : formatTitle(viewer.format),
        note: own ? t('map.viewer.server') : viewerNote(viewer),
      };
    }
  }
}

const VIDEO = new Set(['h264', 'hevc', 'av1', 'vp8', 'vp9', 'mjpeg', 'rawvideo']);

/** What a screen reader says of a node: what it is, and all that stands on it. */
export function nodeLabel(node: MapNode): string {
  const { kind, title, note } = nodeWords(node);
  return `${kind}: ${title} ${note}`.trim();
}

/** `3.9 Mbit/s`, `No data`; nothing while nothing is known. */
export function flowWords(flow: Flow | undefined): string {
  if (flow?.state === 'moving') return formatBitrate(flow.rate);
  return flow?.state === 'stopped' ? t('map.stopped') : '';
}

/** `2560 × 1440`, `16 kHz` */
export function codecNote({ width, height, sampleRate }: Codec): string {
  if (width && height) return `${width} × ${height}`;
  return sampleRate ? `${sampleRate / 1000} kHz` : '';
}

/** `mse/fmp4` is known as MSE, `webrtc/whep` as WebRTC. */
export function formatTitle(format: string): string {
  const [name = ''] = format.split('/');
  return FORMATS[name] ?? name.toUpperCase();
}

export function programOf({ agent }: Viewer): string {
  return PROGRAMS.find(([pattern]) => pattern.test(agent))?.[1] ?? agent.split(/[/ ]/, 1)[0] ?? '';
}

function viewerNote(viewer: Viewer): string {
  return [programOf(viewer), hostOf(viewer.address)].filter(Boolean).join(' · ');
}

/** `192.168.1.7:5000` and what a proxy adds to it, down to the host. */
function hostOf(address: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^\s:]+)(?=:\d+\b|\s|$))/.exec(address) ?? [];
  return bracketed ?? plain ?? address;
}

function schemeOf(url: string): string {
  return /^([a-z][\w+.-]*):/i.exec(url)?.[1] ?? url;
}

/** The host of a URL, or what stands for it: `ffmpeg:door#audio=opus` comes of `door`. */
function addressOf(url: string): string {
  const [, host] = /^[a-z][\w+.-]*:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/?#]+)/i.exec(url) ?? [];
  return host ?? url.replace(/^[a-z][\w+.-]*:/i, '');
}
