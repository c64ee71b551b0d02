import type { FastifyReply } from 'fastify';
import { StreamError } from '../core/errors.ts';

/** Aborted when the client leaves before it has its answer. */
export function leftSignal({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) left.abort(new StreamError('aborted', 'the client left'));
  });
  return left.signal;
}

/**
 * Lets `send` write the raw response. It may reject as long as nothing has been written; then the failure is answered
 * like any other.
 */
export async function takeOver(reply: FastifyReply, send: () => Promise<unknown>): Promise<FastifyReply> {
  try {
    await send();
  } catch (error) {
    if (!reply.raw.headersSent) throw error;
    reply.raw.destroy();
  }
  return reply.hijack();
}
