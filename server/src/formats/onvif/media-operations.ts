/**
 * The media service (ONVIF Media Service Specification, namespace trt): each stream is a profile, a video source and an
 * encoder, all with the stream's name as token. It has no word for H.265: recorders get to know that from Media2, or
 * from the stream's SDP.
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
import { type AudioParameters, mediaParametersOf, type VideoParameters } from './media-parameters.ts';
import { OnvifFault, type Operation, requireStream, snapshotUri, streamsOf, streamUri } from './operation.ts';
import { type Markup, textAt, xml } from './xml.ts';

const SESSION_TIMEOUT = xml`<tt:SessionTimeout>PT60S</tt:SessionTimeout>`;

function videoEncoder(name: string, { encoding, width, height, fps, profile }: VideoParameters): Markup {
  const h264 = xml`<tt:H264><tt:GovLength>${groupLength(fps)}</tt:GovLength><tt:H264Profile>${encoding === 'H264' ? profile : 'High'}</tt:H264Profile></tt:H264>`;
  return xml`<tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>${encoding === 'JPEG' ? 'JPEG' : 'H264'}</tt:Encoding><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>${Math.round(fps)}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>${BITRATE_LIMIT}</tt:BitrateLimit></tt:RateControl>${encoding === 'JPEG' ? undefined : h264}${MULTICAST}${SESSION_TIMEOUT}`;
}

const audioEncoder = (name: string, { encoding, bitrate, sampleRate }: AudioParameters): Markup =>
  xml`<tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>${encoding}</tt:Encoding><tt:Bitrate>${bitrate}</tt:Bitrate><tt:SampleRate>${sampleRate}</tt:SampleRate>${MULTICAST}${SESSION_TIMEOUT}`;

function profile(tag: string, stream: Stream): Markup {
  const { name } = stream;
  const { video, audio } = mediaParametersOf(stream);
  const inner = [
    xml`<tt:Name>${name}</tt:Name>`,
    element('tt:VideoSourceConfiguration', name, videoSourceConfiguration(name, video)),
    ...(audio ? [element('tt:AudioSourceConfiguration', name, audioSourceConfiguration(name))] : []),
    element('tt:VideoEncoderConfiguration', name, videoEncoder(name, video)),
    ...(audio ? [element('tt:AudioEncoderConfiguration', name, audioEncoder(name, audio))] : []),
  ];
  return element(tag, name, xml`${inner}`, xml` fixed="true"`);
}

const videoSource = ({ name }: Stream, { width, height, fps }: VideoParameters): Markup =>
  element(
    'trt:VideoSources',
    name,
    xml`<tt:Framerate>${Math.round(fps)}</tt:Framerate><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>`,
  );

/** An operation that lists something of each stream. */
const each =
  (write: (stream: Stream, video: VideoParameters) => Markup): Operation =>
  (context) =>
    xml`${streamsOf(context).map((stream) => write(stream, mediaParametersOf(stream).video))}`;

/** An operation that lists something of each stream known to have sound. */
const eachAudio =
  (write: (stream: Stream, audio: AudioParameters) => Markup): Operation =>
  (context) =>
    xml`${streamsOf(context).flatMap((stream) => {
      const { audio } = mediaParametersOf(stream);
      return audio ? [write(stream, audio)] : [];
    })}`;

/** An operation about the stream that this token names. */
const one =
  (token: string, write: (stream: Stream, video: VideoParameters) => Markup): Operation =>
  (context, request) => {
    const stream = requireStream(context, request, token);
    return write(stream, mediaParametersOf(stream).video);
  };

const oneAudio =
  (token: string, write: (stream: Stream, audio: AudioParameters) => Markup): Operation =>
  (context, request) => {
    const stream = requireStream(context, request, token);
    const { audio } = mediaParametersOf(stream);
    if (audio) return write(stream, audio);
    throw new OnvifFault(['Sender', 'InvalidArgVal', 'NoConfig'], `${stream.name} has no sound`);
  };

const writeVideoSource = (tag: string) => (stream: Stream, video: VideoParameters) =>
  element(tag, stream.name, videoSourceConfiguration(stream.name, video));
const writeVideoEncoder = (tag: string) => (stream: Stream, video: VideoParameters) =>
  element(tag, stream.name, videoEncoder(stream.name, video));
const writeAudioSource = (tag: string) => (stream: Stream) =>
  element(tag, stream.name, audioSourceConfiguration(stream.name));
const writeAudioEncoder = (tag: string) => (stream: Stream, audio: AudioParameters) =>
  element(tag, stream.name, audioEncoder(stream.name, audio));

const getVideoEncoderOptions: Operation = (context, request) => {
  const token = ['ConfigurationToken', 'ProfileToken'].find((name) => textAt(request, name));
  const stream = token ? requireStream(context, request, token) : streamsOf(context)[0];
  const {
    encoding,
    width,
    height,
    fps,
    profile: h264Profile,
  } = mediaParametersOf(stream ?? { sources: [] }).video;
  const rate = Math.round(fps);
  const resolution = xml`<tt:ResolutionsAvailable><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:ResolutionsAvailable>`;
  const rates = xml`<tt:FrameRateRange><tt:Min>${rate}</tt:Min><tt:Max>${rate}</tt:Max></tt:FrameRateRange><tt:EncodingIntervalRange><tt:Min>1</tt:Min><tt:Max>1</tt:Max></tt:EncodingIntervalRange>`;
  const options =
    encoding === 'JPEG'
      ? xml`<tt:JPEG>${resolution}${rates}</tt:JPEG>`
      : xml`<tt:H264>${resolution}<tt:GovLengthRange><tt:Min>1</tt:Min><tt:Max>${rate * 10}</tt:Max></tt:GovLengthRange>${rates}<tt:H264ProfilesSupported>${encoding === 'H264' ? h264Profile : 'High'}</tt:H264ProfilesSupported></tt:H264>`;
  return xml`<trt:Options><tt:QualityRange><tt:Min>1</tt:Min><tt:Max>10</tt:Max></tt:QualityRange>${options}</trt:Options>`;
};

const mediaUri = (uri: string): Markup =>
  xml`<trt:MediaUri><tt:Uri>${uri}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>`;

const getStreamUri: Operation = (context, request) => {
  if (textAt(request, 'StreamSetup', 'Stream') === 'RTP-Multicast') {
    throw new OnvifFault(['Sender', 'InvalidArgVal', 'InvalidStreamSetup'], 'streams are sent by unicast');
  }
  return mediaUri(streamUri(context, requireStream(context, request, 'ProfileToken')));
};

/** Asks the camera for a key frame. */
export const setSynchronizationPoint: Operation = (context, request) => {
  requireStream(context, request, 'ProfileToken').requestKeyframe();
  return undefined;
};

/** By the name of the request's element. */
export const MEDIA_OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['GetServiceCapabilities', () => SERVICE_CAPABILITIES.media],
  ['GetProfiles', (context) => xml`${streamsOf(context).map((stream) => profile('trt:Profiles', stream))}`],
  ['GetProfile', one('ProfileToken', (stream) => profile('trt:Profile', stream))],
  ['GetVideoSources', each(videoSource)],
  ['GetVideoSourceConfigurations', each(writeVideoSource('trt:Configurations'))],
  ['GetVideoSourceConfiguration', one('ConfigurationToken', writeVideoSource('trt:Configuration'))],
  ['GetCompatibleVideoSourceConfigurations', one('ProfileToken', writeVideoSource('trt:Configurations'))],
  ['GetVideoEncoderConfigurations', each(writeVideoEncoder('trt:Configurations'))],
  ['GetVideoEncoderConfiguration', one('ConfigurationToken', writeVideoEncoder('trt:Configuration'))],
  ['GetCompatibleVideoEncoderConfigurations', one('ProfileToken', writeVideoEncoder('trt:Configurations'))],
  ['GetVideoEncoderConfigurationOptions', getVideoEncoderOptions],
  [
    'GetAudioSources',
    eachAudio(({ name }, { channels }) =>
      element('trt:AudioSources', name, xml`<tt:Channels>${channels}</tt:Channels>`),
    ),
  ],
  ['GetAudioSourceConfigurations', eachAudio(writeAudioSource('trt:Configurations'))],
  ['GetAudioSourceConfiguration', oneAudio('ConfigurationToken', writeAudioSource('trt:Configuration'))],
  ['GetAudioEncoderConfigurations', eachAudio(writeAudioEncoder('trt:Configurations'))],
  ['GetAudioEncoderConfiguration', oneAudio('ConfigurationToken', writeAudioEncoder('trt:Configuration'))],
  ['GetStreamUri', getStreamUri],
  [
    'GetSnapshotUri',
    (context, request) => mediaUri(snapshotUri(context, requireStream(context, request, 'ProfileToken'))),
  ],
  ['SetSynchronizationPoint', setSynchronizationPoint],
]);
