import type { FastifyReply } from 'fastify';
import type { ApiContext } from './context.ts';

/**
 * Answers a change that is made already, and keeps it in the config file; where that cannot be edited the answer says so.
 * `value` undefined removes.
 */
export async function keepInConfig(
  { changes }: ApiContext,
  reply: FastifyReply,
  path: readonly string[],
  value: unknown,
): Promise<FastifyReply> {
  await changes.keep([[path, value]]);
  if (changes.unkept === undefined) return reply.send();
  return reply.type('text/plain; charset=utf-8').send(`until the next start only: ${changes.unkept}\n`);
}
