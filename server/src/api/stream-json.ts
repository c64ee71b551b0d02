/** Streams as the API tells them: go2rtc's members in go2rtc's order, and a few of our own at the end. */
import type { Codec, CodecName } from '../codecs/codec.ts';
import type { ConsumerInfo, SourceInfo, StreamInfo, TranscodeInfo } from '../core/inspect.ts';
import type { CodecPattern, MediaRequest, Peer } from '../core/model.ts';
import { redact } from '../util/redact.ts';

type Json = Record<string, unknown>;

/** How a source's text is told. */
type Show = (source: string) => string;

/** Without `show` nothing is told of where a stream comes from, nor who watches it. */
export function streamJson(info: StreamInfo, show: Show | undefined): Json {
  return {
    producers: info.sources.map((source) =>
      show
        ? producerJson(source, show)
        : without(
            producerJson(source, () => ''),
            SOURCE_MEMBERS,
          ),
    ),
    consumers: info.consumers.map((consumer) =>
      show ? consumerJson(consumer) : without(consumerJson(consumer), PEER_MEMBERS),
    ),
  };
}

const PEER_MEMBERS: ReadonlySet<string> = new Set(['remote_addr', 'sdp', 'user_agent']);
const SOURCE_MEMBERS: ReadonlySet<string> = new Set([...PEER_MEMBERS, 'url', 'opened_url', 'error']);

const without = (members: Json, left: ReadonlySet<string>): Json =>
  Object.fromEntries(Object.entries(members).filter(([key]) => !left.has(key)));

/** Always with `url`, the configured source: clients compare it. */
function producerJson(source: SourceInfo, show: Show): Json {
  const { peer, error, reconnects, transcode } = source;
  const url = source.text === '' ? redact(peer?.url ?? '') : show(source.text);
  const failure = error ? { error: error.message } : {};
  if (!peer) return { url, ...failure };
  const opened = peer.url === undefined || peer.url === source.text ? undefined : redact(peer.url);
  return {
    ...present({
      id: peer.id,
      format_name: peer.format,
      protocol: peer.protocol,
      remote_addr: peer.remoteAddress,
    }),
    url,
    ...present({
      sdp: peer.sdp && redact(peer.sdp),
      user_agent: peer.userAgent && redact(peer.userAgent),
      medias: [
        ...source.receivers.map(({ codec }) => `${codec.kind}, recvonly, ${codecText(codec)}`),
        ...(source.loudspeaker.length > 0
          ? [`audio, sendonly, ${source.loudspeaker.map(codecText).join(', ')}`]
          : []),
      ],
      receivers: source.receivers.map(({ id, codec, children, bytes, packets }) => ({
        id,
        codec: codecJson(codec),
        ...present({ childs: children, bytes, packets }),
      })),
      bytes_recv: peer.bytesReceived,
      opened_url: opened,
      reconnects,
      corrupt: peer.corrupt,
      transcode: transcode && transcodeJson(transcode),
    }),
    ...failure,
  };
}

function transcodeJson({ from, to, hardware, viewers }: TranscodeInfo): Json {
  return { from: from.name, to: to.name, ...present({ hardware }), viewers };
}

function consumerJson({ peer, accepts, senders }: ConsumerInfo): Json {
  return present({
    ...peerJson(peer),
    medias: accepts.map(mediaText),
    senders: senders.map(({ id, codec, parent, bytes, packets, drops }) => ({
      id,
      codec: codecJson(codec),
      ...present({ parent, bytes, packets, drops }),
    })),
    bytes_send: peer.bytesSent,
  });
}

export function peerJson(peer: Peer): Json {
  return {
    id: peer.id,
    format_name: peer.format,
    protocol: peer.protocol,
    remote_addr: peer.remoteAddress,
    sdp: peer.sdp && redact(peer.sdp),
    user_agent: peer.userAgent && redact(peer.userAgent),
  };
}

/** Without what is empty or zero, as go2rtc leaves it out. */
function present(members: Json): Json {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => {
      if (Array.isArray(value)) return value.length > 0;
      return value !== undefined && value !== '' && value !== 0;
    }),
  );
}

const H264_PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
};

/** Members in the order of the alphabet. */
export function codecJson(codec: Codec): Json {
  if (codec.kind === 'audio') {
    return {
      ...(codec.channels > 1 ? { channels: codec.channels } : {}),
      codec_name: codec.name,
      codec_type: 'audio',
      sample_rate: codec.sampleRate,
    };
  }
  // avcC (ISO 14496-15 §5.3.3.1): version, profile, compatibility, level.
  const [, profile, , level] = codec.name === 'h264' && codec.extradata ? codec.extradata : [];
  return {
    codec_name: codec.name,
    codec_type: 'video',
    ...present({ height: codec.height, level }),
    ...(profile === undefined
      ? {}
      : { profile: H264_PROFILES[profile] ?? `0x${profile.toString(16).toUpperCase()}` }),
    ...present({ width: codec.width }),
  };
}

/** Names as SDP has them, which go2rtc prints in `medias`. */
const SDP_NAMES: Readonly<Record<CodecName, string>> = {
  h264: 'H264',
  hevc: 'H265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  mjpeg: 'JPEG',
  rawvideo: 'RAW',
  aac: 'MPEG4-GENERIC',
  opus: 'OPUS',
  mp3: 'MPA',
  flac: 'FLAC',
  adpcm_g722: 'G722',
  pcm_alaw: 'PCMA',
  pcm_mulaw: 'PCMU',
  pcm_s16be: 'L16',
  pcm_s16le: 'PCML',
};

function codecText(codec: Codec): string {
  return codec.kind === 'video' ? SDP_NAMES[codec.name] : patternText(codec);
}

function patternText({ name, sampleRate, channels }: CodecPattern): string {
  const rate = sampleRate ? `/${sampleRate}` : '';
  return `${SDP_NAMES[name]}${rate}${rate && channels && channels > 1 ? `/${channels}` : ''}`;
}

function mediaText({ kind, codecs, all }: MediaRequest): string {
  const names = codecs.map(patternText).join(', ') || (all ? 'ALL' : 'ANY');
  return `${kind}, sendonly, ${names}`;
}
