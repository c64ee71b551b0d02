/** `/api/webtorrent`: streams that are shared by a link. An upgrade of it is the built-in tracker (ws/upgrade.ts). */
import { Type } from 'typebox';
import type { SharedStream } from '../../formats/webtorrent/shares.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text } from '../validation.ts';

const TAGS = { tags: ['webtorrent'] };

const linkOf = ({ name, password }: SharedStream) => ({ share: name, pwd: password });

export function webtorrentRoutes(app: App, context: ApiContext): void {
  const { shares } = context;
  const src = Text('Name of the stream');

  app.get(
    '/api/webtorrent',
    {
      schema: {
        ...TAGS,
        summary: 'Streams that are shared by a link, or the link of one',
        querystring: Type.Object({ src: Type.Optional(src) }),
      },
      config: { admin: true },
    },
    async ({ query }) => {
      if (query.src !== undefined) {
        const share = shares.find(query.src);
        if (!share) throw new HttpError(404, 'not shared');
        return linkOf(share);
      }
      if (shares.list.length === 0) throw new HttpError(404, 'no sources');
      const sources = shares.list.map(({ name, password, source }) => ({
        id: source,
        url: `webtorrent:?share=${encodeURIComponent(name)}&pwd=${encodeURIComponent(password)}`,
      }));
      return { sources };
    },
  );

  app.post(
    '/api/webtorrent',
    {
      schema: {
        ...TAGS,
        summary: 'Shares a stream: who has the link can watch it from anywhere',
        querystring: Type.Object({ src }),
      },
      config: { changes: true, admin: true },
    },
    async ({ query }, reply) => {
      const stream = requireStream(context, query.src);
      if (shares.find(stream.name)) throw new HttpError(400, 'shared already');
      return reply.code(201).send(linkOf(shares.add(stream.name)));
    },
  );

  app.delete(
    '/api/webtorrent',
    {
      schema: { ...TAGS, summary: 'Ends the sharing', querystring: Type.Object({ src }) },
      config: { changes: true, admin: true },
    },
    async ({ query }, reply) => {
      if (!shares.remove(query.src)) throw new HttpError(404, 'not shared');
      return reply.send();
    },
  );
}
