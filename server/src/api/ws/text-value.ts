import { StreamError } from '../../core/errors.ts';

const MAX_LENGTH = 64 << 10;

/** The value of a message that has to be text, or nothing. Throws StreamError `invalid`. */
export function textValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' && value.length <= MAX_LENGTH) return value;
  throw new StreamError('invalid', 'the value is not a text');
}
