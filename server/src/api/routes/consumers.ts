/** `/api/consumers`: who watches, one by one. */
import { Type } from 'typebox';
import { disconnect } from '../../core/broadcast.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text } from '../validation.ts';

export function consumerRoutes(app: App, context: ApiContext): void {
  app.delete(
    '/api/consumers',
    {
      schema: {
        tags: ['streams'],
        summary: 'Disconnects a viewer',
        querystring: Type.Object({ src: Text('Name of the stream'), id: Text('As /api/streams tells it') }),
      },
      config: { changes: true },
    },
    async ({ query: { src, id } }, reply) => {
      if (!disconnect(requireStream(context, src), Number(id))) throw new HttpError(404, 'viewer not found');
      return reply.send();
    },
  );
}
