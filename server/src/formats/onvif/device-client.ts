/**
 * One ONVIF device, asked: which services it has and where (ONVIF Core §8.1), and what it is.
 *
 *   GetSystemDateAndTime   its clock, for the tokens
 *   GetCapabilities        Media, Events, PTZ …           devices of before 2011, and nearly all since
 *   GetServices            the same by namespace          where that does not lead to a media service
 */
import { StreamError } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../net/url.ts';
import { createSession, type OnvifSession } from './session.ts';
import { NAMESPACES } from './soap.ts';
import { findAll, textAt, xml } from './xml.ts';

/** Paths of a device's services; absent where it has none. */
export interface ServicePaths {
  readonly media?: string | undefined;
  readonly media2?: string | undefined;
  readonly events?: string | undefined;
  readonly ptz?: string | undefined;
}

export interface DeviceClient {
  readonly session: OnvifSession;
  /** Its address without credentials, for messages. */
  readonly where: string;
  /** As the user wrote it: what else it names may be reachable for the device alone. */
  readonly host: string;
  readonly services: ServicePaths;
  /** Manufacturer and model; '' where it doesn't tell. */
  description(): Promise<string>;
}

const DEVICE_PATH = '/onvif/device_service';

/** Reads the device's clock and finds its services. Rejects with StreamError. */
export async function connectDevice(url: string, signal: AbortSignal): Promise<DeviceClient> {
  const address = parseAddress(url);
  const session = createSession(address, signal);
  const path = address.target.replace(/\?.*$/, '');
  const device = path === '' || path === '/' ? DEVICE_PATH : path;

  async function byCapabilities(): Promise<ServicePaths> {
    const request = xml`<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>`;
    const answer = await session.call(device, request);
    const pathAt = (name: string): string | undefined =>
      optionalPath(textAt(answer, 'Capabilities', name, 'XAddr'));
    return { media: pathAt('Media'), events: pathAt('Events'), ptz: pathAt('PTZ') };
  }

  async function byServices(): Promise<ServicePaths> {
    const request = xml`<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>`;
    const services = findAll(await session.call(device, request), 'Service');
    const pathAt = (namespace: string): string | undefined => {
      const service = services.find((item) => textAt(item, 'Namespace') === namespace);
      return optionalPath(textAt(service, 'XAddr'));
    };
    return {
      media: pathAt(NAMESPACES.trt),
      media2: pathAt(NAMESPACES.tr2),
      events: pathAt(NAMESPACES.tev),
      ptz: pathAt(NAMESPACES.tptz),
    };
  }

  await session.readClock(device);
  const told = await byCapabilities().catch(undefinedFor('unsupported', 'protocol', 'not_found'));
  const services = told?.media === undefined ? await byServices() : told;
  return {
    session,
    where: formatAddress({ ...address, target: '' }),
    host: address.host,
    services,
    async description() {
      const answer = await session
        .call(device, xml`<tds:GetDeviceInformation/>`)
        .catch(undefinedFor('unsupported', 'protocol', 'not_found'));
      return [textAt(answer, 'Manufacturer'), textAt(answer, 'Model')].filter(Boolean).join(' ');
    },
  };
}

/** Path and query alone: behind a router, cameras name hosts and ports that only they can reach. */
function optionalPath(address: string): string | undefined {
  if (address === '') return undefined;
  const url = URL.parse(address.trim(), 'http://camera');
  if (!url) throw new StreamError('protocol', `not the address of a service: ${address.slice(0, 200)}`);
  return url.pathname + url.search;
}

/** For failures that another way may get round: they become undefined. */
export function undefinedFor(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (error instanceof StreamError && codes.includes(error.code)) return undefined;
    throw error;
  };
}
