/**
 * The query of `GET /api/stream.ascii`.
 *
 *   color, back     colour of the characters and behind them: 8, 256, rgb, or numbers of SGR such as 1;32; none: as the terminal has it
 *   text            a ramp of characters from dark to bright; one character; block; none: ` .::--~~==++**##%%$@`
 *   width, height   characters and rows; one follows from the other by the shape of the picture. Default: 120 characters
 */
import { StreamError } from '../../core/errors.ts';

/** Colours: of three palettes, or one for all (the parameters of SGR). */
export type Colours = '8' | '256' | 'rgb' | { readonly fixed: string } | undefined;

export interface AsciiOptions {
  readonly color: Colours;
  readonly back: Colours;
  /** Dark to bright. */
  readonly ramp: readonly string[];
  /** Characters and rows; undefined where it follows. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

const DEFAULT_RAMP = ' .::--~~==++**##%%$@';
const BLOCK_RAMP = ' ░░▒▒▓▓█';
const MAXIMUM_RAMP = 64;
const DEFAULT_COLUMNS = 120;
const MAXIMUM_COLUMNS = 500;
const MAXIMUM_ROWS = 250;
/** A character cell is twice as high as wide. */
const CELL_ASPECT = 2;

/** Reads the query. Throws StreamError `invalid`. */
export function asciiOptions(query: URLSearchParams): AsciiOptions {
  return {
    color: coloursOf(query, 'color'),
    back: coloursOf(query, 'back'),
    ramp: rampOf(query.get('text') ?? ''),
    columns: sizeOf(query, 'width', MAXIMUM_COLUMNS),
    rows: sizeOf(query, 'height', MAXIMUM_ROWS),
  };
}

function coloursOf(query: URLSearchParams, name: string): Colours {
  const value = query.get(name) ?? '';
  if (value === '') return undefined;
  if (value === '8' || value === '256' || value === 'rgb') return value;
  if (/^\d{1,3}(;\d{1,3}){0,8}$/.test(value)) return { fixed: value };
  throw new StreamError('invalid', `${name} must be 8, 256, rgb or numbers such as 1;32`);
}

function rampOf(text: string): readonly string[] {
  if (text === 'block') return [...BLOCK_RAMP];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get to a terminal
  if (/[\x00-\x1f\x7f-\x9f]/.test(text))
    throw new StreamError('invalid', 'text must not have control characters');
  const ramp = [...(text || DEFAULT_RAMP)];
  if (ramp.length > MAXIMUM_RAMP)
    throw new StreamError('invalid', `text of more than ${MAXIMUM_RAMP} characters`);
  return ramp;
}

function sizeOf(query: URLSearchParams, name: string, maximum: number): number | undefined {
  const value = query.get(name) ?? '';
  if (value === '') return undefined;
  const size = Number(value);
  if (/^\d{1,4}$/.test(value) && size >= 1 && size <= maximum) return size;
  throw new StreamError('invalid', `${name} must be a number from 1 to ${maximum}`);
}

/** Characters and rows for a picture of this size: what is not given follows from its shape. */
export function gridOf(
  { columns, rows }: Pick<AsciiOptions, 'columns' | 'rows'>,
  picture: { readonly width: number; readonly height: number },
): { columns: number; rows: number } {
  const shape = picture.width / picture.height;
  const wide = columns ?? (rows ? clamp(rows * CELL_ASPECT * shape, MAXIMUM_COLUMNS) : DEFAULT_COLUMNS);
  return { columns: wide, rows: rows ?? clamp(wide / CELL_ASPECT / shape, MAXIMUM_ROWS) };
}

const clamp = (value: number, maximum: number): number => Math.max(1, Math.min(maximum, Math.round(value)));
