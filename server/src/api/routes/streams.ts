/** `/api/streams`: what there is, and its sources. */
import { type Static, Type } from 'typebox';
import { registerUrlPasswords } from '../../config/load.ts';
import { ACCEPT_ANY, acceptsFromQuery } from '../../core/accepts.ts';
import { inspectStream } from '../../core/inspect.ts';
import { type Consumer, createPeer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { Client } from '../access.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { keepInConfig } from '../keep.ts';
import { patchStream, putStream, requireAllowed } from '../stream-changes.ts';
import { streamDot } from '../stream-dot.ts';
import { streamJson } from '../stream-json.ts';
import { findStream, requireStream } from '../stream-lookup.ts';
import { all, Text, Texts, Tracks, toSearchParams } from '../validation.ts';

const TAGS = { tags: ['streams'] };

export function streamRoutes(app: App, context: ApiContext): void {
  const { streams, owners, players } = context;
  const json = (stream: Stream, client: Client) =>
    streamJson(
      inspectStream(stream),
      client.role === 'admin' ? (source) => owners.show(stream.name, source, client) : undefined,
    );

  app.get(
    '/api/streams',
    {
      schema: {
        ...TAGS,
        summary: 'All streams, or one',
        description: 'With video, audio or microphone, the source is opened, so that its tracks are known.',
        querystring: Type.Object({
          src: Type.Optional(Text('Name of a stream')),
          ...Tracks,
          microphone: Type.Optional(Texts('Audio codecs of a microphone')),
        }),
      },
      config: { openTo: 'viewer' },
    },
    async ({ query, client }, reply) => {
      if (!query.src) {
        return Object.fromEntries(
          streams
            .all()
            .filter(({ isTemporary }) => !isTemporary || client.role === 'admin')
            .map((stream) => [owners.showName(stream.name, client), json(stream, client)]),
        );
      }
      const stream = requireStream(context, query.src);
      const isProbe =
        query.video !== undefined || query.audio !== undefined || query.microphone !== undefined;
      const answer = isProbe ? await probe(stream, query, () => json(stream, client)) : json(stream, client);
      return reply.type('application/json; charset=utf-8').send(`${JSON.stringify(answer, null, 2)}\n`);
    },
  );

  app.put(
    '/api/streams',
    {
      schema: {
        ...TAGS,
        summary: 'Creates a stream, or replaces its sources; kept in the config file',
        querystring: Type.Object({
          src: Texts('Sources, in order of preference'),
          name: Type.Optional(Text('Default: the first source')),
        }),
      },
      config: { changes: true },
    },
    async ({ query, client }, reply) => {
      const sources = all(query.src);
      const name = query.name ?? sources[0]!;
      putStream(context, client, name, sources);
      return keepInConfig(context, reply, ['streams', name], sources);
    },
  );

  app.patch(
    '/api/streams',
    {
      schema: {
        ...TAGS,
        summary: 'Replaces the source of a stream until the next start',
        querystring: Type.Object({ name: Text('Name of the stream'), src: Text('The new source') }),
      },
      config: { changes: true },
    },
    async ({ query, client }, reply) => {
      patchStream(context, client, query.name, query.src);
      return reply.send();
    },
  );

  app.delete(
    '/api/streams',
    {
      schema: {
        ...TAGS,
        summary: 'Removes a stream, from the config file too',
        querystring: Type.Object({ src: Text('Name of the stream') }),
      },
      config: { changes: true },
    },
    async ({ query }, reply) => {
      streams.delete(query.src);
      owners.forget(query.src);
      return keepInConfig(context, reply, ['streams', query.src], undefined);
    },
  );

  app.post(
    '/api/streams',
    {
      schema: {
        ...TAGS,
        summary: 'Plays a source on the loudspeaker of a stream, or pushes a stream to another server',
        querystring: Type.Object({
          src: Text('What to play, or the stream to push; empty to stop'),
          dst: Text('Name of the stream, or the address to push to'),
        }),
      },
      config: { changes: true },
    },
    async ({ query, client }, reply) => {
      const stream = findStream(context, query.dst);
      if (!stream) {
        await push(context, query.src, query.dst);
        return reply.send();
      }
      if (query.src === '') {
        players.stop(stream);
      } else {
        requireAllowed(context, query.src);
        await players.start(stream, query.src);
      }
      return json(stream, client);
    },
  );

  app.get(
    '/api/streams.dot',
    {
      schema: {
        ...TAGS,
        summary: 'Streams as a Graphviz graph',
        querystring: Type.Object({ src: Type.Optional(Texts('Names of streams; default all')) }),
      },
    },
    async ({ query }, reply) => {
      const chosen =
        query.src === undefined ? streams.all() : all(query.src).map((name) => requireStream(context, name));
      return reply.type('text/vnd.graphviz').send(streamDot(chosen.map(inspectStream)));
    },
  );
}

/** POST with an address as its destination. Resolves when the stream is being pushed, or no longer. */
async function push(context: ApiContext, src: string, dst: string): Promise<void> {
  const { publications } = context;
  if (src === '' && publications.stop(undefined, dst)) return;
  const stream = findStream(context, src);
  if (!stream) throw new HttpError(404, 'stream not found');
  requireAllowed(context, dst);
  registerUrlPasswords(dst);
  await publications.start(stream.name, dst);
}

type ProbeQuery = Partial<Record<'video' | 'audio' | 'microphone', Static<ReturnType<typeof Texts>>>>;

/** Opens the sources as a viewer of these tracks would, and looks while it is there. */
async function probe<T>(stream: Stream, query: ProbeQuery, look: () => T): Promise<T> {
  const consumer: Consumer = {
    peer: createPeer({ format: 'probe', protocol: 'http' }),
    accepts: acceptsFromQuery(toSearchParams(query), ACCEPT_ANY),
    replay: false,
    start: () => {},
    write: () => {},
    close: () => {},
  };
  await stream.attach(consumer);
  try {
    return look();
  } finally {
    stream.detach(consumer);
  }
}
