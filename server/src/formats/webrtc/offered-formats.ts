/** The formats that we offer: all that a camera may send, or those of a stream that we publish. */
import type { Codec } from '../../codecs/codec.ts';
import { formatOfCodec } from '../../rtp/payload-formats.ts';
import type { RemoteFormat } from './description.ts';

const FEEDBACK = ['nack', 'nack pli', 'ccm fir', 'goog-remb'] as const;
/** Baseline, Constrained Baseline, Main, High; the last with the level that we really take. */
const H264_PROFILES = ['42001f', '42e01f', '4d001f', '64001f', '640034'] as const;
const HEVC_PROFILES = ['1', '2'] as const;
const FIRST_VIDEO_TYPE = 96;
const OPUS_TYPE = 111;
/** Every decoder of a browser has it: peers that compare profiles letter by letter accept it, and take others. */
const COMMON_H264_PROFILE = '42e01f';

function format(
  payloadType: number,
  encoding: string,
  clockRate: number,
  parameters: Readonly<Record<string, string>>,
  more: Partial<RemoteFormat> = {},
): RemoteFormat {
  return {
    payloadType,
    encoding,
    clockRate,
    channels: 1,
    parameters: new Map(Object.entries(parameters)),
    fmtp: Object.entries(parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join(';'),
    feedback: [],
    rtxPayloadType: undefined,
    ...more,
  };
}

function video(payloadType: number, encoding: string, parameters: Readonly<Record<string, string>>) {
  return format(payloadType, encoding, 90000, parameters, {
    feedback: FEEDBACK,
    rtxPayloadType: payloadType + 1,
  });
}

const h264 = (payloadType: number, profileLevelId: string): RemoteFormat =>
  video(payloadType, 'H264', {
    'level-asymmetry-allowed': '1',
    'packetization-mode': '1',
    'profile-level-id': profileLevelId,
  });

const hevc = (payloadType: number, profile: string): RemoteFormat =>
  video(payloadType, 'H265', {
    'level-id': '180',
    'profile-id': profile,
    'tier-flag': '0',
    'tx-mode': 'SRST',
  });

/** Video of a camera. Payload types differ from those of audio: they tell the sections apart. */
export const VIDEO_FORMATS: readonly RemoteFormat[] = [
  ...H264_PROFILES.map((profile, index) => h264(FIRST_VIDEO_TYPE + 2 * index, profile)),
  ...HEVC_PROFILES.map((profile, index) =>
    hevc(FIRST_VIDEO_TYPE + 2 * (H264_PROFILES.length + index), profile),
  ),
];

/** Sound of a camera, or to its loudspeaker. */
export const AUDIO_FORMATS: readonly RemoteFormat[] = [
  format(OPUS_TYPE, 'OPUS', 48000, { minptime: '10', useinbandfec: '1' }, { channels: 2 }),
  format(0, 'PCMU', 8000, {}),
  format(8, 'PCMA', 8000, {}),
];

/** How a track of ours is offered: as it is, and in a form that every peer knows. Empty: it can't be sent. */
export function formatsOfCodec(codec: Codec): RemoteFormat[] {
  const described = formatOfCodec(codec, FIRST_VIDEO_TYPE);
  if (!described) return [];
  if (codec.kind === 'audio') return AUDIO_FORMATS.filter(({ encoding }) => encoding === described.encoding);
  if (codec.name === 'h264') {
    const own = described.parameters.get('profile-level-id') ?? COMMON_H264_PROFILE;
    const profiles = [...new Set([own.toLowerCase(), COMMON_H264_PROFILE])];
    return profiles.map((profile, index) => h264(FIRST_VIDEO_TYPE + 2 * index, profile));
  }
  // Of hvcC: general_profile_idc (ISO 14496-15 §8.3.3.1).
  const profile = (codec.extradata?.[1] ?? 1) & 0x1f;
  return codec.name === 'hevc' ? [hevc(FIRST_VIDEO_TYPE, String(profile))] : [];
}
