/**
 * GET /api/stream.aac, /api/stream.adts: the sound alone, AAC with ADTS headers (ISO 14496-3 §1.A.2).
 *
 *   FF F1 50 80 2E 7F FC │ access unit │ FF F1 … │ access unit │ …
 *
 * Each frame describes itself, so there is no header and a viewer may start anywhere. HE-AAC is signalled as its core,
 * as ADTS knows no other way.
 */
import { buildAdtsHeader } from '../../codecs/aac.ts';
import { StreamError } from '../../core/errors.ts';
import type { Accepts, Muxer, Output, Track } from '../../core/model.ts';

const ACCEPT_AAC: Accepts = [{ kind: 'audio', codecs: [{ name: 'aac' }] }];

/** Makes the output; there is nothing to choose. */
export function createOutput(): Output {
  return { key: 'adts', accepts: ACCEPT_AAC, createMuxer: createAdtsMuxer };
}

/** Makes a muxer of the first track. Throws StreamError `unsupported` for AAC that ADTS cannot signal, such as ELD. */
export function createAdtsMuxer(tracks: readonly Track[]): Muxer {
  const [track] = tracks;
  const codec = track?.codec;
  if (codec?.name !== 'aac' || !buildAdtsHeader(codec, 0))
    throw new StreamError('unsupported', 'adts cannot signal this kind of AAC');
  return {
    contentType: 'audio/aac',
    header: [],
    continuation: [],
    mux({ data, dts }) {
      const header = data.length > 0 ? buildAdtsHeader(codec, data.length) : undefined;
      if (!header) return undefined;
      const frame = Buffer.concat([header, data]);
      return { body: [frame], bytes: frame.length, key: true, seconds: dts / codec.timeBase, packets: 1 };
    },
  };
}
