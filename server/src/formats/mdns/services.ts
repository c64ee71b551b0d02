/**
 * Which announced services are cameras, and what can be made of them. Pure.
 *
 *   _hap._tcp          HomeKit (HAP specification R2 §6.4): TXT ci=17 camera, ci=18 video doorbell, sf bit 0: not paired, md: model
 *   _rtsp._tcp         RTSP servers; path in TXT, where it is told
 *   _axis-video._tcp   Axis
 *   _onvif._tcp        some ONVIF cameras
 *   _psia._tcp         Hikvision and its brands
 *   _http._tcp         web pages of anything: cameras by the maker in their name only
 */
import { rtspGuesses, type Vendor, vendorOf } from '../camera-vendors.ts';
import { type Found, type FoundSource, hint, shortText } from '../scan.ts';

export const SERVICE_TYPES = ['hap', 'onvif', 'axis-video', 'rtsp', 'psia', 'http'] as const;

/** A service as it announces itself. */
export interface Announced {
  /** Without the underscore: `rtsp`. */
  readonly type: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Keys in lower case. */
  readonly txt: ReadonlyMap<string, string>;
}

const HOMEKIT_CAMERA = '17';
const HOMEKIT_DOORBELL = '18';
const NOT_PAIRED = 1;

/** The cameras among them; services of one address are one camera. */
export function camerasOf(services: readonly Announced[]): Found[] {
  const byAddress = Map.groupBy(services, ({ address }) => address);
  return [...byAddress].flatMap(([address, list]) => {
    const homekit = list.filter(isHomekitCamera);
    const others = SERVICE_TYPES.flatMap((type) => list.filter((service) => service.type === type)).filter(
      (service) => !homekit.includes(service) && service.type !== 'hap',
    );
    const vendor = vendorOf(...list.flatMap(({ name, txt }) => [name, txt.get('md'), txt.get('vendor')]));
    const sources = distinct(others.flatMap((service) => sourcesOf(service, vendor)));
    // A bridge shows the cameras of others under one address: each is a camera of its own then.
    if (homekit.length === 1 && sources.length > 0)
      return [merged(address, homekit[0], sources, others, vendor)];
    return [
      ...homekit.map((service) =>
        merged(address, service, [], [], vendorOf(service.name, service.txt.get('md'))),
      ),
      ...(sources.length > 0 ? [merged(address, undefined, sources, others, vendor)] : []),
    ];
  });
}

function merged(
  address: string,
  homekit: Announced | undefined,
  sources: readonly FoundSource[],
  others: readonly Announced[],
  vendor: Vendor | undefined,
): Found {
  return {
    kind: 'mdns',
    name: shortText(homekit?.name) ?? shortText(others[0]?.name) ?? address,
    address,
    model: shortText(homekit?.txt.get('md')),
    manufacturer: vendor?.name,
    sources,
    credentials: sources.length > 0,
    ...(homekit && homekitHint(homekit, sources.length > 0)),
  };
}

const isHomekitCamera = ({ type, txt }: Announced): boolean =>
  type === 'hap' && [HOMEKIT_CAMERA, HOMEKIT_DOORBELL].includes(txt.get('ci') ?? '');

function homekitHint({ txt }: Announced, hasSources: boolean) {
  const isFree = (Number.parseInt(txt.get('sf') ?? '', 10) & NOT_PAIRED) === NOT_PAIRED;
  if (hasSources) return hint(isFree ? 'homekit_free' : 'homekit_paired');
  return hint(isFree ? 'homekit_free_only' : 'homekit_paired_only');
}

function sourcesOf(
  { type, address, port, txt }: Announced,
  vendor: Vendor | undefined,
): readonly FoundSource[] {
  const onvif = { source: `onvif://${address}${type === 'onvif' && port !== 80 ? `:${port}` : ''}` };
  switch (type) {
    case 'onvif':
      return [onvif];
    case 'axis-video':
      return [onvif, { source: `rtsp://${address}/axis-media/media.amp`, role: 'main' }];
    case 'psia':
      return [onvif, ...(vendor ? rtspGuesses(vendor, address) : [])];
    case 'rtsp': {
      const path = txt.get('path');
      const guesses = vendor ? rtspGuesses(vendor, address, port) : [];
      if (path === undefined && guesses.length > 0) return guesses;
      return [{ source: `rtsp://${address}${port === 554 ? '' : `:${port}`}${pathOf(path)}`, role: 'main' }];
    }
    case 'http':
      return vendor ? [onvif, ...rtspGuesses(vendor, address)] : [];
    default:
      return [];
  }
}

/** As it is announced, as far as it can stand in an address. */
const pathOf = (path = '/'): string =>
  `/${path.replace(/^\/+/, '').replace(/[^\w.~!$&'()*+,;=:@/?%-]/g, (character) => encodeURIComponent(character.toWellFormed()))}`;

function distinct(sources: readonly FoundSource[]): FoundSource[] {
  return [...new Map(sources.map((source) => [source.source, source])).values()];
}
