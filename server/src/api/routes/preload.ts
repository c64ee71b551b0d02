/** `/api/preload`: streams that are kept running although nobody watches. */
import { Type } from 'typebox';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { keepInConfig } from '../keep.ts';
import { peerJson } from '../stream-json.ts';
import { requireStream } from '../stream-lookup.ts';
import { all, Text, Texts, Tracks } from '../validation.ts';

const TAGS = { tags: ['preload'] };

export function preloadRoutes(app: App, context: ApiContext): void {
  const { preloads, owners } = context;

  app.get('/api/preload', { schema: { ...TAGS, summary: 'Preloaded streams by name' } }, async ({ client }) =>
    Object.fromEntries(
      preloads
        .entries()
        .map(([name, { peer, query }]) => [
          owners.showName(name, client),
          { consumer: peerJson(peer), query },
        ]),
    ),
  );

  app.put(
    '/api/preload',
    {
      schema: {
        ...TAGS,
        summary: 'Keeps a stream running; kept in the config file',
        querystring: Type.Object({
          src: Text('Name of the stream'),
          ...Tracks,
          microphone: Type.Optional(Texts('Audio codecs of a microphone')),
        }),
      },
      config: { changes: true },
    },
    async ({ query }, reply) => {
      const stream = requireStream(context, query.src);
      const tracks = (['video', 'audio', 'microphone'] as const)
        .flatMap((kind) => all(query[kind]).map((codecs) => (codecs ? `${kind}=${codecs}` : kind)))
        .join('&');
      const wanted = tracks || 'video&audio';
      await preloads.start(stream.name, wanted);
      return keepInConfig(context, reply, ['preload', stream.name], wanted);
    },
  );

  app.delete(
    '/api/preload',
    {
      schema: {
        ...TAGS,
        summary: 'Lets a stream rest again',
        querystring: Type.Object({ src: Text('Name of the stream') }),
      },
      config: { changes: true },
    },
    async ({ query }, reply) => {
      if (!preloads.stop(query.src)) throw new HttpError(404, `preload not found: ${query.src}`);
      return keepInConfig(context, reply, ['preload', query.src], undefined);
    },
  );
}
