/**
 * AAC with ADTS headers (ISO 14496-3 §1.A.2): each frame says its own length. One behind which no other begins is damaged.
 *
 *   FF F1 50 80 2E 7F FC | raw_data_block …
 *   sync  └ profile, rate, channels, frame length
 */
import { aacCodec, buildAudioSpecificConfig, parseAdtsHeader } from '../../codecs/aac.ts';
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Track } from '../../core/model.ts';

const MAXIMUM_PENDING_BYTES = 64 << 10;
const MINIMUM_HEADER_BYTES = 7;

/** Demuxer; timestamps count samples from the first frame. */
export function createDemuxer(): Demuxer {
  let pending: Buffer = Buffer.alloc(0);
  let track: Track | undefined;
  let pts = 0;
  let inSync = true;
  let corrupt = 0;

  /** Whether a header may follow here, as far as bytes have come. */
  const goesOn = (end: number): boolean => {
    if (end >= pending.length) return true;
    if (pending.length - end < MINIMUM_HEADER_BYTES) return pending[end] === 0xff;
    return parseAdtsHeader(pending, end) !== undefined;
  };

  return {
    get ready() {
      return track !== undefined;
    },
    get tracks() {
      return track ? [track] : [];
    },
    get corrupt() {
      return corrupt;
    },
    push(bytes, write) {
      pending = Buffer.concat([pending, bytes]);
      let offset = 0;
      while (offset + MINIMUM_HEADER_BYTES <= pending.length) {
        const header = parseAdtsHeader(pending, offset);
        const end = offset + (header?.frameLength ?? 0);
        if (header && end > pending.length) break;
        if (!header || !goesOn(end)) {
          if (inSync) corrupt++;
          inSync = false;
          const next = pending.indexOf(0xff, offset + 1);
          offset = next < 0 ? pending.length : next;
          continue;
        }
        inSync = true;
        const codec = track?.codec ?? aacCodec(buildAudioSpecificConfig(header));
        if (!codec) throw new StreamError('unsupported', 'adts: unsupported AAC profile');
        track ??= { id: 0, codec };
        const data = Buffer.from(pending.subarray(offset + header.headerLength, end));
        write({ track, data, pts, dts: pts, duration: 1024, key: true, time: Date.now() });
        pts += 1024;
        offset = end;
      }
      pending = pending.subarray(offset);
      if (pending.length > MAXIMUM_PENDING_BYTES) pending = Buffer.alloc(0);
    },
    flush() {
      if (pending.length > 0) corrupt++;
      pending = Buffer.alloc(0);
    },
  };
}
