/**
 * AAC with ADTS headers (ISO 14496-3 §1.A.2): each frame says its own length.
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
  return {
    get ready() {
      return track !== undefined;
    },
    get tracks() {
      return track ? [track] : [];
    },
    push(bytes, write) {
      pending = Buffer.concat([pending, bytes]);
      let offset = 0;
      while (offset + MINIMUM_HEADER_BYTES <= pending.length) {
        const header = parseAdtsHeader(pending, offset);
        if (!header) {
          const next = pending.indexOf(0xff, offset + 1);
          offset = next < 0 ? pending.length : next;
          continue;
        }
        const end = offset + header.frameLength;
        if (end > pending.length) break;
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
  };
}
