/**
 * `expr:PROGRAM`: a program in the Expr language whose value is the text of the source, evaluated each time that the
 * source is opened. It may ask cameras and services by HTTP, so it is accepted from the config file only.
 *
 *   expr: let r = fetch('http://camera/login', {method: 'POST', json: {user: 'me'}}).json(); 'rtsp://camera/' + r.path
 */
import type { OpenProducer } from '../format.ts';
import { openResult } from '../redirect.ts';
import { BUILTINS } from './builtins.ts';
import { evaluate } from './evaluate.ts';
import { createFetch } from './fetch.ts';
import { failure, typeName } from './value.ts';

const SCHEME = 'expr:';
const MAX_RESULT = 4096;

export const open: OpenProducer = async (source, context) => {
  const builtins = new Map([...BUILTINS, ['fetch', createFetch(context.signal)] as const]);
  // A `#` belongs to the program: predicates and the options of its result have them.
  const result = await evaluate(source.text.slice(SCHEME.length), builtins, context.signal);
  if (typeof result !== 'string')
    throw failure(`the value of the program is ${typeName(result)}, not string`);
  const text = result.trim();
  if (text === '' || text.length > MAX_RESULT) throw failure('the value of the program is no source');
  return openResult('expr', text, context);
};
