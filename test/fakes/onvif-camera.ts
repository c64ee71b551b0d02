/**
 * An ONVIF camera with the habits of real ones. It shares nothing with the server: messages are looked at with regular
 * expressions and written as text.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFakeEvents, type EventHabits, type FakeEvents } from './onvif-events.ts';
import { createFakePtz, type PtzHabits } from './onvif-ptz.ts';

export interface CameraHabits {
  readonly user?: string;
  readonly password?: string;
  /** What it takes as proof; default: nothing is asked. */
  readonly auth?: 'token' | 'digest' | 'both';
  /** How far its clock is ahead; tokens may be ten seconds off it. */
  readonly clockAheadMs?: number;
  /** Its clock is only told to those it knows, and in the Date of each answer. */
  readonly secretClock?: boolean;
  /** Host and port that it believes to have. */
  readonly ownHost?: string;
  readonly media?: 'ver10' | 'ver20';
  /** Doesn't know GetCapabilities. */
  readonly onlyServices?: boolean;
  /** `1.1`: faults and answers in SOAP 1.1, refusals in words alone. */
  readonly soap?: '1.1' | '1.2';
  /** Prefixes that others don’t use; the schema without one. */
  readonly oddPrefixes?: boolean;
  /** What every request is answered with. */
  readonly answersAll?: { readonly status: number; readonly type: string; readonly body: string };
  readonly profiles?: readonly FakeProfile[];
  /** What it is; default: `Acme & Sons`, `C-1`. */
  readonly model?: string;
  readonly events?: EventHabits;
  readonly ptz?: PtzHabits;
}

export interface FakeProfile {
  readonly token: string;
  readonly name?: string;
  readonly encoding?: string;
  readonly size?: readonly [width: number, height: number];
  readonly streamUri: string;
  readonly snapshotUri?: string;
  /** Token of its lens. */
  readonly source?: string;
  /** Whether it can be moved; default: where the camera can. */
  readonly moves?: boolean;
}

export interface OnvifCamera {
  readonly port: number;
  /** `onvif://user:password@127.0.0.1:port`, or without what is not asked. */
  readonly url: string;
  /** Operations in order, with how they proved themselves: `GetProfiles token`. */
  readonly requests: readonly string[];
  /** Its events, where it has any. */
  readonly events: FakeEvents | undefined;
  /** How it was moved: `0.5 -1 0`, `stop`, `preset door`. */
  readonly moves: readonly string[];
  close(): void;
}

export interface Reply {
  readonly status: number;
  /** Inside of the SOAP body. */
  readonly body: string;
}

/** Makes the camera's refusal. */
export type Refuse = (code: string, reason: string) => Reply;

const success = (body: string): Reply => ({ status: 200, body });

const SERVICES = {
  device: ['http://www.onvif.org/ver10/device/wsdl', '/onvif/device_service'],
  ver10: ['http://www.onvif.org/ver10/media/wsdl', '/onvif/Media?service=1'],
  ver20: ['http://www.onvif.org/ver20/media/wsdl', '/onvif/Media2'],
  events: ['http://www.onvif.org/ver10/events/wsdl', '/onvif/Events'],
  ptz: ['http://www.onvif.org/ver20/ptz/wsdl', '/onvif/PTZ'],
} as const;
const REALM = 'IP Camera';
const TOKEN_WINDOW_MS = 10_000;

/** Starts the camera on a free port. */
export async function startOnvifCamera(habits: CameraHabits = {}): Promise<OnvifCamera> {
  const { user = 'admin', password = 'p@ss:w/rd', auth, media = 'ver10', profiles = [] } = habits;
  const requests: string[] = [];
  const nonces = new Set<string>();
  const challenge = randomBytes(12).toString('hex');
  const clock = (): number => Date.now() + (habits.clockAheadMs ?? 0);
  const namespace = SERVICES[media][0];

  const tokenIsRight = (text: string): boolean => {
    const inner = (name: string): string =>
      new RegExp(`<(?:\\w+:)?${name}(?: [^>]*)?>([^<]*)<`).exec(text)?.[1] ?? '';
    const created = /<(?:\w+:)?Created[^>]*>([^<]*)</.exec(text)?.[1] ?? '';
    const nonce = inner('Nonce');
    const digest = createHash('sha1')
      .update(Buffer.concat([Buffer.from(nonce, 'base64'), Buffer.from(created + password)]))
      .digest('base64');
    const isNew = !nonces.has(nonce);
    nonces.add(nonce);
    const isOfNow = Math.abs(Date.parse(created) - clock()) < TOKEN_WINDOW_MS;
    return isNew && isOfNow && inner('Username') === user && inner('Password') === digest;
  };

  const digestIsRight = ({ headers, method, url }: IncomingMessage): boolean => {
    const value = (name: string): string =>
      new RegExp(`[ ,]${name}="?([^",]*)`).exec(headers.authorization ?? '')?.[1] ?? '';
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const parts = [md5(`${user}:${REALM}:${password}`), challenge, value('nc'), value('cnonce'), 'auth'];
    const expected = md5([...parts, md5(`${method}:${url}`)].join(':'));
    return value('uri') === url && value('nonce') === challenge && value('response') === expected;
  };

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const operation = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(text)?.[1] ?? '';
    const token = text.includes('UsernameToken');
    const header = request.headers.authorization !== undefined;
    requests.push([operation, token && 'token', header && 'digest'].filter(Boolean).join(' '));
    response.setHeader('date', new Date(clock()).toUTCString());
    if (habits.answersAll) {
      const { status, type, body } = habits.answersAll;
      return response.writeHead(status, { 'content-type': type }).end(body);
    }
    const isOpen = operation === 'GetSystemDateAndTime' && !habits.secretClock;
    // Both at once is refused, as by the cameras that check one of them and stumble over the other.
    const isKnown =
      !auth ||
      (token !== header &&
        ((token && auth !== 'digest' && tokenIsRight(text)) ||
          (header && auth !== 'token' && digestIsRight(request))));
    if (isOpen || isKnown) return send(response, await answer(operation, text, request.url ?? ''));
    if (auth !== 'token' && !(auth === 'both' && token)) {
      response.setHeader('www-authenticate', `Digest realm="${REALM}", nonce="${challenge}", qop="auth"`);
      return response.writeHead(401).end();
    }
    send(response, fault('NotAuthorized', 'Sender not Authorized'));
  });

  const answer = async (operation: string, text: string, url: string): Promise<Reply> => {
    const special = (await events?.answer(operation, text, url)) ?? ptz?.answer(operation, text);
    if (special) return special;
    const wanted = /ProfileToken>([^<]*)</.exec(text)?.[1];
    const profile = profiles.find((item) => item.token === wanted);
    const host = habits.ownHost ?? `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const isMedia2 = media === 'ver20';
    const capability = (name: string, service: keyof typeof SERVICES): string =>
      `<t:${name}><t:XAddr>http://${host}${SERVICES[service][1]}</t:XAddr></t:${name}>`;
    switch (operation) {
      case 'GetSystemDateAndTime': {
        const [year, month, day, hour, minute, second] = new Date(clock())
          .toISOString()
          .split(/\D+/)
          .map(Number);
        return success(
          `<d:GetSystemDateAndTimeResponse><d:SystemDateAndTime><t:DateTimeType>Manual</t:DateTimeType><t:UTCDateTime><t:Time><t:Hour>${hour}</t:Hour><t:Minute>${minute}</t:Minute><t:Second>${second}</t:Second></t:Time><t:Date><t:Year>${year}</t:Year><t:Month>${month}</t:Month><t:Day>${day}</t:Day></t:Date></t:UTCDateTime></d:SystemDateAndTime></d:GetSystemDateAndTimeResponse>`,
        );
      }
      case 'GetCapabilities':
        if (habits.onlyServices) return fault('ActionNotSupported', 'Optional Action Not Implemented');
        return success(
          `<d:GetCapabilitiesResponse><d:Capabilities><t:Device><t:XAddr>http://${host}/onvif/device_service</t:XAddr></t:Device>${events ? capability('Events', 'events') : ''}${isMedia2 ? '' : capability('Media', 'ver10')}${ptz ? capability('PTZ', 'ptz') : ''}</d:Capabilities></d:GetCapabilitiesResponse>`,
        );
      case 'GetServices': {
        const services: (readonly [string, string])[] = [SERVICES.device, SERVICES[media]];
        if (events) services.push(SERVICES.events);
        if (ptz) services.push(SERVICES.ptz);
        const list = services.map(
          ([name, path]) =>
            `<d:Service><d:Namespace>${name}</d:Namespace><d:XAddr>http://${host}${path}</d:XAddr></d:Service>`,
        );
        return success(`<d:GetServicesResponse>${list.join('')}</d:GetServicesResponse>`);
      }
      case 'GetDeviceInformation':
        return success(
          `<d:GetDeviceInformationResponse><d:Manufacturer>Acme &amp; Sons</d:Manufacturer><d:Model>${habits.model ?? 'C-1'}</d:Model></d:GetDeviceInformationResponse>`,
        );
      case 'GetProfiles': {
        const list = profiles.map((item) => {
          const [width, height] = item.size ?? [0, 0];
          const encoder = `<t:Encoding>${item.encoding ?? 'H264'}</t:Encoding><t:Resolution><t:Width>${width}</t:Width><t:Height>${height}</t:Height></t:Resolution>`;
          const source = item.source
            ? [' token="conf-', item.source, '"><t:SourceToken>', item.source, '</t:SourceToken>'].join('')
            : undefined;
          const move = ptz && item.moves !== false ? ptz.configuration : undefined;
          const part = (name: string, content: string | undefined): string => {
            const tag = isMedia2 ? `m:${name}` : `t:${name}Configuration`;
            return content === undefined ? '' : `<${tag}${content}</${tag}>`;
          };
          const parts = `${part('VideoSource', source)}${part('VideoEncoder', ` token="e">${encoder}`)}${part('PTZ', move)}`;
          const inner = isMedia2
            ? `<m:Name>${item.name ?? ''}</m:Name><m:Configurations>${parts}</m:Configurations>`
            : `<t:Name>${item.name ?? ''}</t:Name>${parts}`;
          return `<m:Profiles fixed="true" token="${item.token}">${inner}</m:Profiles>`;
        });
        return success(`<m:GetProfilesResponse>${list.join('')}</m:GetProfilesResponse>`);
      }
      case 'GetStreamUri':
      case 'GetSnapshotUri': {
        const uri = operation === 'GetStreamUri' ? profile?.streamUri : profile?.snapshotUri;
        if (!profile) return fault('NoProfile', 'Profile does not exist');
        if (!uri) return fault('ActionNotSupported', 'no snapshots');
        const escaped = uri.replaceAll('&', '&amp;');
        const inner = isMedia2
          ? `<m:Uri>${escaped}</m:Uri>`
          : `<m:MediaUri><t:Uri>${escaped}</t:Uri><t:Timeout>PT0S</t:Timeout></m:MediaUri>`;
        return success(`<m:${operation}Response>${inner}</m:${operation}Response>`);
      }
      default:
        return fault('ActionNotSupported', 'Optional Action Not Implemented');
    }
  };

  const fault = (code: string, reason: string): Reply => {
    if (habits.soap === '1.1') {
      const body = `<E:Fault><faultcode>E:Client</faultcode><faultstring>${reason}</faultstring></E:Fault>`;
      return { status: 500, body };
    }
    const body = `<E:Fault><E:Code><E:Value>E:Sender</E:Value><E:Subcode><E:Value>x:${code}</E:Value></E:Subcode></E:Code><E:Reason><E:Text xml:lang="en">${reason}</E:Text></E:Reason></E:Fault>`;
    return { status: 400, body };
  };

  const ptz = habits.ptz && createFakePtz(habits.ptz, fault);
  const events =
    habits.events &&
    createFakeEvents(habits.events, {
      clock,
      fault,
      origin: () => `http://${habits.ownHost ?? `127.0.0.1:${(server.address() as AddressInfo).port}`}`,
    });

  const send = (response: ServerResponse, { status, body }: Reply): void => {
    const old = habits.soap === '1.1';
    const envelope = old
      ? 'http://schemas.xmlsoap.org/soap/envelope/'
      : 'http://www.w3.org/2003/05/soap-envelope';
    const spaces = `xmlns:E="${envelope}" xmlns:d="${SERVICES.device[0]}" xmlns:m="${namespace}" xmlns:t="http://www.onvif.org/ver10/schema" xmlns:x="http://www.onvif.org/ver10/error" xmlns:tev="${SERVICES.events[0]}" xmlns:tptz="${SERVICES.ptz[0]}" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:wstop="http://docs.oasis-open.org/wsn/t-1" xmlns:tns1="http://www.onvif.org/ver10/topics"`;
    const text = `<?xml version="1.0" encoding="utf-8"?>\n<!-- made by gSOAP -->\n<E:Envelope ${spaces}>\n <E:Header/>\n <E:Body>\n${body}\n </E:Body>\n</E:Envelope>\n`;
    const odd = text
      .replaceAll(/(<\/?)t:/g, '$1')
      .replaceAll(/(<\/?)E:/g, '$1SOAP-ENV:')
      .replace('xmlns:t=', 'xmlns=')
      .replace('xmlns:E=', 'xmlns:SOAP-ENV=');
    response.writeHead(status, { 'content-type': old ? 'text/xml' : 'application/soap+xml; charset=utf-8' });
    response.end(habits.oddPrefixes ? odd : text);
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const userInfo = auth ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}@` : '';
  return {
    port,
    url: `onvif://${userInfo}127.0.0.1:${port}`,
    requests,
    events,
    moves: ptz?.moves ?? [],
    close() {
      events?.close();
      server.close();
      server.closeAllConnections();
    },
  };
}
