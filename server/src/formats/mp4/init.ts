/**
 * The initialization segment of a fragmented MP4: what a player must have before the first fragment.
 *
 *   ftyp
 *   moov ─ mvhd
 *        ─ trak (tkhd, mdia (mdhd, hdlr, minf (vmhd|smhd, dinf, stbl)))   one per track, track_ID from 1
 *        ─ mvex (trex …)                                                  samples come in fragments
 *
 * Source of truth: ISO 14496-12 §8.
 */
import type { Codec } from '../../codecs/codec.ts';
import type { Track } from '../../core/model.ts';
import type { Rotation } from '../rotation.ts';
import { box, fixed, fullBox, text, u16, u32 } from './boxes.ts';
import { handlerBox, type PixelAspect, sampleEntry } from './sample-entry.ts';

/** Sample flags (ISO 14496-12 §8.8.3.1): a sync sample, and one that depends on others. */
export const SYNC_SAMPLE = 0x02000000;
export const DEPENDENT_SAMPLE = 0x01010000;

/** How players should show the picture. */
export interface Presentation {
  readonly rotation?: Rotation;
  readonly pixelAspect?: PixelAspect;
}

const MOVIE_TIMESCALE = 1000;
const UNKNOWN_SIZE = { width: 1920, height: 1080 } as const;
const NO_NEXT_TRACK = 0xffffffff;
const LANGUAGE_UND = 0x55c4;

/** Writes the initialization segment. Throws StreamError `unsupported` for a codec that MP4 cannot carry. */
export function initSegment(tracks: readonly Track[], presentation: Presentation = {}): Buffer {
  const codecs = tracks.map(({ codec }) => withSize(codec));
  return Buffer.concat([
    box('ftyp', text('iso5'), u32(512), text('iso5iso6mp41')),
    box(
      'moov',
      movieHeader(),
      ...codecs.map((codec, index) => trackBox(index + 1, codec, presentation)),
      box('mvex', ...codecs.map((codec, index) => trackExtends(index + 1, codec))),
    ),
  ]);
}

function withSize(codec: Codec): Codec {
  return codec.kind === 'video' && !(codec.width && codec.height) ? { ...codec, ...UNKNOWN_SIZE } : codec;
}

function movieHeader(): Buffer {
  return fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, MOVIE_TIMESCALE, 0), // creation, modification, timescale, duration
    fixed(1), // rate
    u16(0x0100, 0), // volume
    u32(0, 0),
    matrix(0, 0, 0),
    u32(0, 0, 0, 0, 0, 0),
    u32(NO_NEXT_TRACK),
  );
}

function trackBox(trackId: number, codec: Codec, presentation: Presentation): Buffer {
  const pixelAspect = presentation.pixelAspect ?? [1, 1];
  const isVideo = codec.kind === 'video';
  return box(
    'trak',
    trackHeader(trackId, codec, pixelAspect, presentation.rotation ?? 0),
    box(
      'mdia',
      fullBox('mdhd', 0, 0, u32(0, 0, codec.timeBase, 0), u16(LANGUAGE_UND, 0)),
      handlerBox(codec.kind),
      box(
        'minf',
        isVideo ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u16(0, 0)),
        box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
        box(
          'stbl',
          fullBox('stsd', 0, 0, u32(1), sampleEntry(codec, pixelAspect)),
          fullBox('stts', 0, 0, u32(0)),
          fullBox('stsc', 0, 0, u32(0)),
          fullBox('stsz', 0, 0, u32(0, 0)),
          fullBox('stco', 0, 0, u32(0)),
        ),
      ),
    ),
  );
}

function trackHeader(trackId: number, codec: Codec, pixelAspect: PixelAspect, rotation: Rotation): Buffer {
  const isVideo = codec.kind === 'video';
  const width = isVideo ? (codec.width * pixelAspect[0]) / pixelAspect[1] : 0;
  const height = isVideo ? codec.height : 0;
  return fullBox(
    'tkhd',
    0,
    3, // enabled, in movie
    u32(0, 0, trackId, 0, 0), // creation, modification, id, reserved, duration
    u32(0, 0),
    u16(0, 0, isVideo ? 0 : 0x0100, 0), // layer, alternate group, volume
    isVideo ? matrix(rotation, width, height) : matrix(0, 0, 0),
    fixed(width, height),
  );
}

/** Transformation {a b u, c d v, x y w}: turns clockwise and moves the picture back to the origin. */
function matrix(rotation: Rotation, width: number, height: number): Buffer {
  const [a, b, c, d, x, y] = {
    0: [1, 0, 0, 1, 0, 0],
    90: [0, 1, -1, 0, height, 0],
    180: [-1, 0, 0, -1, width, height],
    270: [0, -1, 1, 0, 0, width],
  }[rotation] as [number, number, number, number, number, number];
  return Buffer.concat([fixed(a, b), u32(0), fixed(c, d), u32(0), fixed(x, y), u32(0x40000000)]);
}

function trackExtends(trackId: number, codec: Codec): Buffer {
  const flags = codec.kind === 'video' ? DEPENDENT_SAMPLE : SYNC_SAMPLE;
  return fullBox('trex', 0, 0, u32(trackId, 1, 0, 0, flags)); // sample description 1, no default duration and size
}
