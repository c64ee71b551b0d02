/**
 * The device service (ONVIF Core §8, namespace tds): who the device is and which services it has. Settings that belong
 * to the machine are told as far as they are known, and never changed.
 */
import { isIP } from 'node:net';
import { VERSION } from '../../util/version.ts';
import { MODEL, scopesOf } from './device.ts';
import { OnvifFault, type Operation, type OperationContext } from './operation.ts';
import { NAMESPACES } from './soap.ts';
import { type Markup, textAt, xml } from './xml.ts';

interface Service {
  readonly namespace: string;
  readonly file: string;
  readonly version: string;
  readonly capabilities: Markup;
}

const DEVICE_CAPABILITIES = xml`<tds:Capabilities><tds:Network IPFilter="false" ZeroConfiguration="false" IPVersion6="false" DynDNS="false"/><tds:Security UsernameToken="true" HttpDigest="true"/><tds:System DiscoveryResolve="true" DiscoveryBye="true" RemoteDiscovery="false" SystemBackup="false" SystemLogging="false" FirmwareUpgrade="false"/></tds:Capabilities>`;
const MEDIA_CAPABILITIES = xml`<trt:Capabilities SnapshotUri="true" Rotation="false"><trt:ProfileCapabilities MaximumNumberOfProfiles="1000"/><trt:StreamingCapabilities RTPMulticast="false" RTP_TCP="false" RTP_RTSP_TCP="true"/></trt:Capabilities>`;
const MEDIA2_CAPABILITIES = xml`<tr2:Capabilities SnapshotUri="true" Rotation="false"><tr2:ProfileCapabilities MaximumNumberOfProfiles="1000" ConfigurationsSupported="VideoSource VideoEncoder AudioSource AudioEncoder"/><tr2:StreamingCapabilities RTSPStreaming="true" RTPMulticast="false" RTP_RTSP_TCP="true"/></tr2:Capabilities>`;

/** All services, and the file of their address. */
const SERVICES: readonly Service[] = [
  {
    ...{ namespace: NAMESPACES.tds, file: 'device_service', version: '2.5' },
    capabilities: DEVICE_CAPABILITIES,
  },
  {
    ...{ namespace: NAMESPACES.trt, file: 'media_service', version: '2.5' },
    capabilities: MEDIA_CAPABILITIES,
  },
  {
    ...{ namespace: NAMESPACES.tr2, file: 'media2_service', version: '2.5' },
    capabilities: MEDIA2_CAPABILITIES,
  },
];

const serviceUrl = ({ origin, device }: OperationContext, file: string): string =>
  `${origin}${device.path}/${file}`;

const getCapabilities: Operation = (context, request) => {
  const category = textAt(request, 'Category') || 'All';
  if (!['All', 'Device', 'Media'].includes(category)) {
    throw new OnvifFault(['Receiver', 'ActionNotSupported', 'NoSuchService'], `no such service: ${category}`);
  }
  const device = xml`<tt:Device><tt:XAddr>${serviceUrl(context, 'device_service')}</tt:XAddr><tt:Network><tt:IPFilter>false</tt:IPFilter><tt:ZeroConfiguration>false</tt:ZeroConfiguration><tt:IPVersion6>false</tt:IPVersion6><tt:DynDNS>false</tt:DynDNS></tt:Network><tt:System><tt:DiscoveryResolve>true</tt:DiscoveryResolve><tt:DiscoveryBye>true</tt:DiscoveryBye><tt:RemoteDiscovery>false</tt:RemoteDiscovery><tt:SystemBackup>false</tt:SystemBackup><tt:SystemLogging>false</tt:SystemLogging><tt:FirmwareUpgrade>false</tt:FirmwareUpgrade><tt:SupportedVersions><tt:Major>2</tt:Major><tt:Minor>5</tt:Minor></tt:SupportedVersions></tt:System><tt:IO><tt:InputConnectors>0</tt:InputConnectors><tt:RelayOutputs>0</tt:RelayOutputs></tt:IO><tt:Security><tt:TLS1.1>false</tt:TLS1.1><tt:TLS1.2>false</tt:TLS1.2><tt:OnboardKeyGeneration>false</tt:OnboardKeyGeneration><tt:AccessPolicyConfig>false</tt:AccessPolicyConfig><tt:X.509Token>false</tt:X.509Token><tt:SAMLToken>false</tt:SAMLToken><tt:KerberosToken>false</tt:KerberosToken><tt:RELToken>false</tt:RELToken></tt:Security></tt:Device>`;
  const media = xml`<tt:Media><tt:XAddr>${serviceUrl(context, 'media_service')}</tt:XAddr><tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>false</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media>`;
  return xml`<tds:Capabilities>${category === 'Media' ? undefined : device}${category === 'Device' ? undefined : media}</tds:Capabilities>`;
};

const getServices: Operation = (context, request) => {
  const withCapabilities = /^(?:true|1)$/.test(textAt(request, 'IncludeCapability'));
  return xml`${SERVICES.map(({ namespace, file, version, capabilities }) => {
    const [major = '', minor = ''] = version.split('.');
    const included = withCapabilities ? xml`<tds:Capabilities>${capabilities}</tds:Capabilities>` : undefined;
    return xml`<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${serviceUrl(context, file)}</tds:XAddr>${included}<tds:Version><tt:Major>${major}</tt:Major><tt:Minor>${minor}</tt:Minor></tds:Version></tds:Service>`;
  })}`;
};

const getSystemDateAndTime: Operation = () => {
  const now = new Date();
  return xml`<tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>${dateTime('UTCDateTime', now)}${dateTime('LocalDateTime', now)}</tds:SystemDateAndTime>`;
};

function dateTime(name: 'UTCDateTime' | 'LocalDateTime', time: Date): Markup {
  const inner = xml`<tt:Time><tt:Hour>${time.getUTCHours()}</tt:Hour><tt:Minute>${time.getUTCMinutes()}</tt:Minute><tt:Second>${time.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${time.getUTCFullYear()}</tt:Year><tt:Month>${time.getUTCMonth() + 1}</tt:Month><tt:Day>${time.getUTCDate()}</tt:Day></tt:Date>`;
  return { markup: `<tt:${name}>${inner.markup}</tt:${name}>` };
}

const getNetworkInterfaces: Operation = ({ device, origin }) => {
  const host = new URL(origin).hostname;
  const manual =
    isIP(host) === 4
      ? xml`<tt:Manual><tt:Address>${host}</tt:Address><tt:PrefixLength>24</tt:PrefixLength></tt:Manual>`
      : undefined;
  return xml`<tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>${device.macAddress}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info><tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config>${manual}<tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces>`;
};

const getNetworkProtocols: Operation = ({ origin, rtspBase }) => {
  const api = new URL(origin);
  const isSecure = api.protocol === 'https:';
  const protocols = [
    { name: isSecure ? 'HTTPS' : 'HTTP', port: api.port || (isSecure ? 443 : 80) },
    ...(rtspBase === undefined
      ? []
      : [{ name: 'RTSP', port: rtspBase.slice(rtspBase.lastIndexOf(':') + 1) }]),
  ];
  return xml`${protocols.map(({ name, port }) => xml`<tds:NetworkProtocols><tt:Name>${name}</tt:Name><tt:Enabled>true</tt:Enabled><tt:Port>${port}</tt:Port></tds:NetworkProtocols>`)}`;
};

const refuse =
  (reason: string): Operation =>
  () => {
    throw new OnvifFault(['Receiver', 'ActionNotSupported'], reason);
  };

/** By the name of the request's element. */
export const DEVICE_OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['GetServices', getServices],
  ['GetServiceCapabilities', () => DEVICE_CAPABILITIES],
  ['GetCapabilities', getCapabilities],
  ['GetSystemDateAndTime', getSystemDateAndTime],
  ['GetWsdlUrl', () => xml`<tds:WsdlUrl>https://www.onvif.org/profiles/specifications/</tds:WsdlUrl>`],
  ['GetEndpointReference', ({ device }) => xml`<tds:GUID>urn:uuid:${device.uuid}</tds:GUID>`],
  [
    'GetHostname',
    ({ device }) =>
      xml`<tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP><tt:Name>${hostLabel(device.name)}</tt:Name></tds:HostnameInformation>`,
  ],
  [
    'GetDeviceInformation',
    ({ device }) =>
      xml`<tds:Manufacturer>Porthole</tds:Manufacturer><tds:Model>${device.name}</tds:Model><tds:FirmwareVersion>${VERSION}</tds:FirmwareVersion><tds:SerialNumber>${device.macAddress.replaceAll(':', '').toUpperCase()}</tds:SerialNumber><tds:HardwareId>${MODEL}</tds:HardwareId>`,
  ],
  [
    'GetScopes',
    ({ device }) =>
      xml`${scopesOf(device).map((scope) => xml`<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>${scope}</tt:ScopeItem></tds:Scopes>`)}`,
  ],
  [
    'GetDiscoveryMode',
    ({ discoverable }) =>
      xml`<tds:DiscoveryMode>${discoverable ? 'Discoverable' : 'NonDiscoverable'}</tds:DiscoveryMode>`,
  ],
  ['GetNetworkInterfaces', getNetworkInterfaces],
  ['GetNetworkProtocols', getNetworkProtocols],
  ['GetNetworkDefaultGateway', () => xml`<tds:NetworkGateway/>`],
  ['GetDNS', () => xml`<tds:DNSInformation><tt:FromDHCP>true</tt:FromDHCP></tds:DNSInformation>`],
  ['GetNTP', () => xml`<tds:NTPInformation><tt:FromDHCP>true</tt:FromDHCP></tds:NTPInformation>`],
  // Recorders set the time when they adopt a camera, and give up where that fails. The clock is the machine's: it stays.
  ['SetSystemDateAndTime', () => undefined],
  ['SystemReboot', refuse('this device does not reboot by ONVIF')],
  ['SetSystemFactoryDefault', refuse('this device is set up by its config file')],
]);

/** What a device answers before it knows who asks (ONVIF Core §5.9.4, class PRE_AUTH). */
export const PRE_AUTH: ReadonlySet<string> = new Set([
  'GetWsdlUrl',
  'GetServices',
  'GetServiceCapabilities',
  'GetCapabilities',
  'GetHostname',
  'GetSystemDateAndTime',
  'GetEndpointReference',
]);

/** A name that DNS could hold. */
function hostLabel(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 63) || 'camera'
  );
}

/** The capabilities that media services answer with. */
export const SERVICE_CAPABILITIES = { media: MEDIA_CAPABILITIES, media2: MEDIA2_CAPABILITIES } as const;
