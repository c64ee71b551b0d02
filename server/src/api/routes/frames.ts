/** `/api/frame.*`: one picture of a stream. */
import type { IncomingHttpHeaders } from 'node:http';
import { Type } from 'typebox';
import { contentDisposition } from '../../formats/http-viewer.ts';
import { Snapshots, snapshotOptionsFromQuery } from '../../formats/jpeg/snapshot.ts';

import { frameMp4 } from '../../formats/mp4/keyframe.ts';
import type { ApiContext, App } from '../context.ts';
import { leftSignal } from '../left-signal.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text, toSearchParams } from '../validation.ts';

const TAGS = { tags: ['pictures'] };
const MEDIA = { openTo: 'token' } as const;
const src = Text('Name of the stream');
const size = Type.Optional(Text('Pixels; the other side follows'));
const NO_CACHE = { 'cache-control': 'no-cache, no-store', pragma: 'no-cache' };

export function frameRoutes(app: App, context: ApiContext): void {
  const { store, log } = context;
  const snapshots = new Snapshots({ ffmpeg: store.current.ffmpeg.bin, log });

  app.get(
    '/api/frame.jpeg',
    {
      schema: {
        ...TAGS,
        summary: 'A picture as JPEG',
        querystring: Type.Object({
          src,
          width: size,
          w: size,
          height: size,
          h: size,
          rotate: Type.Optional(Text('90, 180, 270 or -90 degrees')),
          hardware: Type.Optional(Text('Decodes with hardware where possible')),
          hw: Type.Optional(Text('As hardware')),
          cache: Type.Optional(Text('How old the picture may be, such as 5s or 1m')),
        }),
      },
      config: MEDIA,
    },
    async ({ query }, reply) => {
      const stream = requireStream(context, query.src);
      const options = snapshotOptionsFromQuery(toSearchParams(query));
      const { jpeg } = await snapshots.take(stream, options, leftSignal(reply));
      return reply.headers(NO_CACHE).type('image/jpeg').send(jpeg);
    },
  );

  app.get(
    '/api/frame.mp4',
    {
      schema: {
        ...TAGS,
        summary: 'A key frame as an MP4 file',
        querystring: Type.Object({ src, filename: Type.Optional(Text('Saves it under this name')) }),
      },
      config: MEDIA,
    },
    async ({ query, headers }, reply) => {
      const stream = requireStream(context, query.src);
      if (isFirstOfTwo(headers)) return reply.headers(NO_CACHE).type('video/mp4').send('');
      const { bytes, contentType } = await frameMp4(stream, leftSignal(reply));
      const disposition = contentDisposition(query.filename);
      if (disposition) reply.header('content-disposition', disposition);
      return reply.headers(NO_CACHE).type(contentType).send(bytes);
    },
  );
}

/**
 * Chrome asks twice for a video that is opened as a page: once for the page, where only the type counts, then, with a
 * range, for its player. The camera need not start for the first.
 */
function isFirstOfTwo({ 'user-agent': agent = '', accept = '', range }: IncomingHttpHeaders): boolean {
  return agent.includes(' Chrome/') && accept.includes('text/html') && range === undefined;
}
