import type { FastifyReply } from 'fastify';
import { ConfigError } from '../config/error.ts';
import { keepChanges } from '../config/keep.ts';
import type { ApiContext } from './context.ts';

/**
 * Answers a change that is made already, and keeps it in the config file, where there is one. A file that cannot be
 * edited (a read-only disk, a mistake in its YAML) is no reason to fail: the change holds until the next start, and
 * the answer and the log say so. `value` undefined removes.
 */
export async function keepInConfig(
  { store, log }: ApiContext,
  reply: FastifyReply,
  path: readonly string[],
  value: unknown,
): Promise<FastifyReply> {
  try {
    await keepChanges(store, [[path, value]]);
    return reply.send();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.warn('not kept', { key: path.join('.'), error: error.message });
    return reply.type('text/plain; charset=utf-8').send(`until the next start only: ${error.message}\n`);
  }
}
