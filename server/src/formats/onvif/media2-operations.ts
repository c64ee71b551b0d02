/**
 * The Media2 service (ONVIF Media 2 Service Specification, namespace tr2): the same profiles as the media service's,
 * with H.265 called by its name.
 */
import type { Stream } from '../../core/stream.ts';
import { SERVICE_CAPABILITIES } from './device-operations.ts';
import {
  audioSourceConfiguration,
  BITRATE_LIMIT,
  element,
  groupLength,
  MULTICAST,
  videoSourceConfiguration,
} from './media-markup.ts';
import { setSynchronizationPoint } from './media-operations.ts';
import { type AudioParameters, mediaParametersOf, type VideoParameters } from './media-parameters.ts';
import {
  type Operation,
  type OperationContext,
  requireStream,
  snapshotUri,
  streamsOf,
  streamUri,
} from './operation.ts';
import { findAll, type Markup, textAt, type XmlElement, xml } from './xml.ts';

/** What a profile can be asked to hold, as tr2:Type writes it. */
const KINDS = ['VideoSource', 'AudioSource', 'VideoEncoder', 'AudioEncoder'] as const;
type Kind = (typeof KINDS)[number];

/** The configuration of this kind under the name that the answer asks for; undefined where the stream has none. */
function configuration(tag: string, kind: Kind, stream: Stream): Markup | undefined {
  const { name } = stream;
  const { video, audio } = mediaParametersOf(stream);
  if (kind === 'VideoSource') return element(tag, name, videoSourceConfiguration(name, video));
  if (kind === 'VideoEncoder') return videoEncoder(tag, name, video);
  if (!audio) return undefined;
  return kind === 'AudioSource'
    ? element(tag, name, audioSourceConfiguration(name))
    : element(tag, name, audioEncoder(name, audio));
}

function videoEncoder(tag: string, name: string, video: VideoParameters): Markup {
  const { encoding, width, height, fps, profile } = video;
  const attributes =
    encoding === 'JPEG' ? undefined : xml` GovLength="${groupLength(fps)}" Profile="${profile}"`;
  const inner = xml`<tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>${encoding}</tt:Encoding><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution><tt:RateControl ConstantBitRate="false"><tt:FrameRateLimit>${round(fps)}</tt:FrameRateLimit><tt:BitrateLimit>${BITRATE_LIMIT}</tt:BitrateLimit></tt:RateControl>${MULTICAST}<tt:Quality>5</tt:Quality>`;
  return element(tag, name, inner, attributes);
}

const audioEncoder = (name: string, { rtpName, bitrate, sampleRate }: AudioParameters): Markup =>
  xml`<tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>${rtpName}</tt:Encoding>${MULTICAST}<tt:Bitrate>${bitrate}</tt:Bitrate><tt:SampleRate>${sampleRate}</tt:SampleRate>`;

const round = (fps: number): number => Math.round(fps * 100) / 100;

/** The streams that the request is about: all, or the one that a token names. */
function requestedStreams(
  context: OperationContext,
  request: XmlElement,
  ...tokens: string[]
): readonly Stream[] {
  const token = tokens.find((name) => textAt(request, name));
  return token ? [requireStream(context, request, token)] : streamsOf(context);
}

const getProfiles: Operation = (context, request) => {
  const types = findAll(request, 'Type').map(({ text }) => text);
  const kinds = KINDS.filter((kind) => types.includes('All') || types.includes(kind));
  return xml`${requestedStreams(context, request, 'Token').map((stream) => {
    const parts = kinds.flatMap((kind) => configuration(`tr2:${kind}`, kind, stream) ?? []);
    const configurations =
      kinds.length > 0 ? xml`<tr2:Configurations>${parts}</tr2:Configurations>` : undefined;
    return element(
      'tr2:Profiles',
      stream.name,
      xml`<tr2:Name>${stream.name}</tr2:Name>${configurations}`,
      xml` fixed="true"`,
    );
  })}`;
};

const getConfigurations =
  (kind: Kind): Operation =>
  (context, request) =>
    xml`${requestedStreams(context, request, 'ConfigurationToken', 'ProfileToken').flatMap(
      (stream) => configuration('tr2:Configurations', kind, stream) ?? [],
    )}`;

const getVideoEncoderOptions: Operation = (context, request) => {
  const streams = requestedStreams(context, request, 'ConfigurationToken', 'ProfileToken');
  const videos = new Map(
    streams.map((stream) => mediaParametersOf(stream).video).map((video) => [keyOf(video), video]),
  );
  return xml`${[...videos.values()].map(({ encoding, width, height, fps, profile }) => {
    const attributes =
      encoding === 'JPEG'
        ? undefined
        : xml` GovLengthRange="1 ${groupLength(fps) * 5}" ProfilesSupported="${profile}"`;
    return xml`<tr2:Options FrameRatesSupported="${round(fps)}" ConstantBitRateSupported="false"${attributes}><tt:Encoding>${encoding}</tt:Encoding><tt:QualityRange><tt:Min>1</tt:Min><tt:Max>10</tt:Max></tt:QualityRange><tt:ResolutionsAvailable><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:ResolutionsAvailable><tt:BitrateRange><tt:Min>1</tt:Min><tt:Max>${BITRATE_LIMIT}</tt:Max></tt:BitrateRange></tr2:Options>`;
  })}`;
};

const keyOf = ({ encoding, width, height, fps }: VideoParameters): string =>
  [encoding, width, height, fps].join(' ');

/** By the name of the request's element. */
export const MEDIA2_OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['GetServiceCapabilities', () => SERVICE_CAPABILITIES.media2],
  ['GetProfiles', getProfiles],
  ...KINDS.map((kind) => [`Get${kind}Configurations`, getConfigurations(kind)] as const),
  ['GetVideoEncoderConfigurationOptions', getVideoEncoderOptions],
  [
    'GetStreamUri',
    (context, request) =>
      xml`<tr2:Uri>${streamUri(context, requireStream(context, request, 'ProfileToken'))}</tr2:Uri>`,
  ],
  [
    'GetSnapshotUri',
    (context, request) =>
      xml`<tr2:Uri>${snapshotUri(context, requireStream(context, request, 'ProfileToken'))}</tr2:Uri>`,
  ],
  ['SetSynchronizationPoint', setSynchronizationPoint],
]);
