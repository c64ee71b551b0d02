/** Every address at which a camera can be had. Pure. */
import { apiUrl, rtspUrl } from '../../../../frontend-card/src/player/url.ts';
import type { MessageKey } from '../../lib/i18n.ts';

export interface Address {
  readonly title: MessageKey;
  /** Of the sub stream. */
  readonly sub: boolean;
  readonly url: string;
}

export interface AddressOptions {
  /** Address of the page. */
  readonly base: string;
  readonly id: string;
  readonly sub?: string | undefined;
  /** `…:8554`; absent or null when the RTSP server is off. */
  readonly rtsp?: string | null | undefined;
}

/** The ways over HTTP, the most used ones first. */
const HTTP: readonly (readonly [title: MessageKey, path: string])[] = [
  ['camera.address.page', 'stream.html'],
  ['camera.address.jpeg', 'api/frame.jpeg'],
  ['camera.address.hls', 'api/stream.m3u8'],
  ['camera.address.mp4', 'api/stream.mp4'],
  ['camera.address.whep', 'api/webrtc'],
  ['camera.address.mjpeg', 'api/stream.mjpeg'],
  ['camera.address.ts', 'api/stream.ts'],
  ['camera.address.mkv', 'api/stream.mkv'],
  ['camera.address.flv', 'api/stream.flv'],
  ['camera.address.aac', 'api/stream.aac'],
];

export function addressesOf({ base, id, sub, rtsp }: AddressOptions): readonly Address[] {
  const rtspOf = (name: string, isSub: boolean): Address[] =>
    rtsp ? [{ title: 'camera.address.rtsp', sub: isSub, url: rtspUrl(base, rtsp, name) }] : [];
  const page = new URL(base);
  return [
    ...rtspOf(id, false),
    ...(sub ? rtspOf(sub, true) : []),
    ...HTTP.map(([title, path]) => ({ title, sub: false, url: apiUrl(base, path, { src: id }) })),
    // Recorders look for it at the root, whatever is before the page.
    {
      title: 'camera.address.onvif',
      sub: false,
      url: `${page.origin}/onvif/${encodeURIComponent(id)}/device_service`,
    },
  ];
}

/** Whether the page is seen through Home Assistant, whose addresses need its session. */
export function isIngress(base: string): boolean {
  return new URL(base).pathname.startsWith('/api/hassio_ingress/');
}
