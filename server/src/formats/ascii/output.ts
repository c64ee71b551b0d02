/**
 * `GET /api/stream.ascii`: the picture as text for a terminal, as in `curl`. The core decodes what the camera sends.
 *
 *   ESC [2J │ ESC [H  row LF row LF … row  ESC [0m │ ESC [H …
 *   clear     home    one character a cell           the next picture is drawn over this one
 *
 * Control sequences: ECMA-48 §8.3.39 (ED), §8.3.21 (CUP), §8.3.117 (SGR).
 */
import type { VideoCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Chunk, Muxer, Output, Packet, Track } from '../../core/model.ts';
import { createCellReader } from './cells.ts';
import { createPainter } from './colours.ts';
import { type AsciiOptions, asciiOptions, gridOf } from './options.ts';

const CLEAR = '\x1b[2J';
const HOME = '\x1b[H';
const RESET = '\x1b[0m';
const MAXIMUM_QUEUED_PICTURES = 2;

/** Throws StreamError `invalid` for a query it cannot read. */
export function createOutput(query: URLSearchParams): Output {
  const options = asciiOptions(query);
  return {
    key: `ascii ${JSON.stringify(options)}`,
    accepts: [{ kind: 'video', codecs: [{ name: 'rawvideo' }] }],
    maximumQueuedChunks: MAXIMUM_QUEUED_PICTURES,
    createMuxer: (tracks) => createMuxer(tracks, options),
  };
}

/** Muxer of one track of raw video. Throws StreamError `unsupported` for pixels it cannot read. */
export function createMuxer(tracks: readonly Track[], options: AsciiOptions): Muxer {
  const track = tracks.find(({ codec }) => codec.name === 'rawvideo');
  if (track?.codec.kind !== 'video') throw new StreamError('unsupported', 'ascii needs decoded video');
  const draw = createDrawing(track.codec, options);
  const clear = [Buffer.from(CLEAR)];
  return {
    contentType: 'text/plain; charset=utf-8',
    header: clear,
    continuation: clear,
    mux({ data, dts, track: from }: Packet): Chunk | undefined {
      const text = from.id === track.id ? draw(data) : undefined;
      if (text === undefined) return undefined;
      const bytes = Buffer.from(text);
      return {
        body: [bytes],
        bytes: bytes.length,
        key: true,
        seconds: dts / from.codec.timeBase,
        packets: 1,
      };
    },
  };
}

function createDrawing(codec: VideoCodec, options: AsciiOptions): (frame: Buffer) => string | undefined {
  const grid = gridOf(options, codec);
  const paintText = createPainter(options.color, 'color');
  const paintBack = createPainter(options.back, 'back');
  const isPainted = paintText !== undefined || paintBack !== undefined;
  const readCells = createCellReader(codec, grid, isPainted);
  const characters = Array.from(
    { length: 256 },
    (_, luma) => options.ramp[Math.floor((luma * options.ramp.length) / 256)]!,
  );

  return (frame) => {
    const cells = readCells(frame);
    if (!cells) return undefined;
    const { luma, rgb } = cells;
    let text = HOME;
    let colour = '';
    for (let row = 0, cell = 0; row < grid.rows; row++) {
      if (row > 0) text += '\n';
      for (let column = 0; column < grid.columns; column++, cell++) {
        if (isPainted) {
          const at = 3 * cell;
          const [red, green, blue] = [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!];
          const wanted = sgr(paintText?.(red, green, blue), paintBack?.(red, green, blue));
          if (wanted !== colour) text += wanted;
          colour = wanted;
        }
        text += characters[luma[cell]!];
      }
    }
    return text + RESET;
  };
}

function sgr(color: string | undefined, back: string | undefined): string {
  if (color && back) return `\x1b[${color};${back}m`;
  return `\x1b[${color ?? back}m`;
}
