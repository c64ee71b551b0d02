/** What docs/formats.md says of a format beyond its row in the table of formats. */
import { BYTE_FORMAT_NOTES } from './byte-format-notes.ts';
import { PROTOCOL_NOTES } from './protocol-notes.ts';

/** A text that users write, and what it does. */
export type Meanings = Readonly<Record<string, string>>;

export interface FormatNotes {
  /** Sources, besides the example of the table. */
  readonly sources?: Meanings;
  /** What can stand in and behind the address of a source. */
  readonly options?: Meanings;
  /** Addresses to watch at. */
  readonly outputs?: Meanings;
  /** What can stand in the query of those. */
  readonly query?: Meanings;
  /** Addresses to push to, of `publish:` and POST /api/streams. */
  readonly targets?: Meanings;
  /** How others push into a stream of ours. */
  readonly pushes?: Meanings;
}

/** By the name of the format. */
export const FORMAT_NOTES: Readonly<Record<string, FormatNotes>> = {
  ...PROTOCOL_NOTES,
  ...BYTE_FORMAT_NOTES,
};
