/**
 * A subscription to a device's events that is asked for them (ONVIF Core §9.2, Real-time Pull-Point).
 *
 *   CreatePullPointSubscription  → address of the subscription, its time of end
 *   PullMessages { PT20S, 100 }  → as soon as there are any; again and again, to that address
 *   Renew { PT2M }               → a later end
 *   Unsubscribe
 *
 * Requests to a subscription carry WS-Addressing headers, and what the device put into its ReferenceParameters (Axis
 * tells its subscriptions apart by them).
 */
import { StreamError } from '../../core/errors.ts';
import type { DeviceClient } from './device-client.ts';
import { type Notification, readNotifications } from './notification.ts';
import type { CallOptions } from './session.ts';
import type { Prefix } from './soap.ts';
import { find, type Markup, textAt, toMarkup, type XmlElement, xml } from './xml.ts';

export interface PullPoint {
  /** Waits for notifications; none where nothing happened for a while. */
  pull(): Promise<readonly Notification[]>;
  /** Rejects where the device cannot: then it ends at its time. */
  renew(): Promise<void>;
  /** How long until it ends. */
  leftMs(): number;
  /** How long it lasts from each renewal. */
  readonly leaseMs: number;
  /** Tells the device that nobody asks any more. Resolves in any case. */
  close(): Promise<void>;
}

const PREFIXES: readonly Prefix[] = ['tev', 'wsnt', 'wsa', 'tt'];
const EVENTS = 'http://www.onvif.org/ver10/events/wsdl';
const MANAGER = 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager';
const LEASE_S = 120;
const SHORTEST_LEASE_MS = 15_000;
const LONGEST_LEASE_MS = 3_600_000;
const LONGEST_PULL_S = 20;
/** Devices answer a little late. */
const PULL_GRACE_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2000;
const MAXIMUM_REFERENCE = 4096;

/** Subscribes to all events. Rejects with StreamError: `unsupported` where the device has none. */
export async function createPullPoint(client: DeviceClient, signal: AbortSignal): Promise<PullPoint> {
  const { session, services, where } = client;
  const path = services.events;
  if (path === undefined) throw new StreamError('unsupported', `${where}: the camera has no events`);
  const created = await session.call(
    path,
    xml`<tev:CreatePullPointSubscription><tev:InitialTerminationTime>PT${LEASE_S}S</tev:InitialTerminationTime></tev:CreatePullPointSubscription>`,
    options(`${EVENTS}/EventPortType/CreatePullPointSubscriptionRequest`, undefined, {}),
  );
  const reference = find(created, 'SubscriptionReference');
  const address = textAt(reference, 'Address');
  const to = address && endpointOf(address, client.host);
  if (!to) throw new StreamError('protocol', `${where}: a subscription without an address`);
  const parameters = referenceHeader(find(reference, 'ReferenceParameters'));
  const leaseMs = leaseOf(created);
  const pullS = Math.min(LONGEST_PULL_S, Math.floor(leaseMs / 3000));
  let endsAt = performance.now() + leaseMs;

  const ask = (action: string, request: Markup, extra: CallOptions = {}): Promise<XmlElement> =>
    session.call(to.path, request, {
      ...options(action, address, { signal, ...extra }, parameters),
      port: to.port,
    });

  return {
    leaseMs,
    leftMs: () => endsAt - performance.now(),
    async pull() {
      const request = xml`<tev:PullMessages><tev:Timeout>PT${pullS}S</tev:Timeout><tev:MessageLimit>100</tev:MessageLimit></tev:PullMessages>`;
      const timeoutMs = pullS * 1000 + PULL_GRACE_MS;
      return readNotifications(
        await ask(`${EVENTS}/PullPointSubscription/PullMessagesRequest`, request, { timeoutMs }),
      );
    },
    async renew() {
      const request = xml`<wsnt:Renew><wsnt:TerminationTime>PT${LEASE_S}S</wsnt:TerminationTime></wsnt:Renew>`;
      await ask(`${MANAGER}/RenewRequest`, request);
      endsAt = performance.now() + leaseMs;
    },
    async close() {
      const last = AbortSignal.timeout(CLOSE_TIMEOUT_MS);
      await ask(`${MANAGER}/UnsubscribeRequest`, xml`<wsnt:Unsubscribe/>`, { signal: last }).catch(() => {});
    },
  };
}

function options(
  action: string,
  to: string | undefined,
  extra: CallOptions,
  parameters?: Markup,
): CallOptions {
  const header = xml`<wsa:Action s:mustUnderstand="1">${action}</wsa:Action>${to === undefined ? undefined : xml`<wsa:To s:mustUnderstand="1">${to}</wsa:To>`}${parameters}`;
  return { ...extra, header, prefixes: PREFIXES };
}

/**
 * Where a subscription is asked: at the host that the user named. The port is the device's where it names that host,
 * too; behind a router it would be that of a network we are not in.
 */
export function endpointOf(
  address: string,
  host: string,
): { readonly path: string; readonly port: number | undefined } | undefined {
  const url = URL.parse(address.trim());
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  const isSame = url.hostname.replace(/^\[|\]$/g, '').toLowerCase() === host.toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { path: url.pathname + url.search, port: isSame ? port : undefined };
}

function referenceHeader(parameters: XmlElement | undefined): Markup | undefined {
  const header = parameters?.children.map(toMarkup) ?? [];
  return header.reduce((sum, { markup }) => sum + markup.length, 0) <= MAXIMUM_REFERENCE
    ? xml`${header}`
    : undefined;
}

/** By the device's clock alone, which may be years off: end less now. What makes no sense counts as what was asked for. */
export function leaseOf(response: XmlElement): number {
  const lease = Date.parse(textAt(response, 'TerminationTime')) - Date.parse(textAt(response, 'CurrentTime'));
  if (!(lease > 0)) return LEASE_S * 1000;
  return Math.min(Math.max(lease, SHORTEST_LEASE_MS), LONGEST_LEASE_MS);
}
