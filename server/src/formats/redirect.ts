/** Sources that are only the address of another one (`echo:`, `expr:`). */
import { StreamError, toStreamError } from '../core/errors.ts';
import type { Producer } from '../core/model.ts';
import type { OpenContext } from './format.ts';

/**
 * Opens what a source of `scheme` came to, by the rules for what does not stand in the config file itself. Errors name
 * the scheme and the result, but not the program that made it: that may hold passwords.
 */
export async function openResult(scheme: string, text: string, context: OpenContext): Promise<Producer> {
  try {
    return await context.services.open(text, context);
  } catch (error) {
    const { code, message } = toStreamError(error);
    throw code === 'aborted' ? error : new StreamError(code, `${scheme}: ${message}`, error);
  }
}
