/** `POST /api/stream`: a client pushes video into a stream, in any byte format that sources have. */
import { PassThrough } from 'node:stream';
import { Type } from 'typebox';
import { toStreamError } from '../../core/errors.ts';
import { openBytes } from '../../formats/byte-stream.ts';
import { FORMATS } from '../../formats/index.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text } from '../validation.ts';

/** The extension is for people: the format is recognised by the content type and the bytes in any case. */
const PATHS = [
  '/api/stream',
  ...FORMATS.flatMap(({ demuxer, extensions = [] }) =>
    demuxer ? extensions.map((extension) => `/api/stream.${extension}`) : [],
  ),
];

export function ingestRoutes(app: App, context: ApiContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  for (const path of PATHS) {
    app.post(
      path,
      {
        schema: {
          tags: ['streams'],
          summary: 'Pushes video into a stream, as long as the body lasts',
          querystring: Type.Object({ dst: Text('Name of the stream') }),
        },
        config: { changes: true },
        bodyLimit: Number.MAX_SAFE_INTEGER,
      },
      async ({ query, client, headers, raw }, reply) => {
        const stream = requireStream(context, query.dst);
        const signal = leftSignal(reply);
        // What is left of a body that was refused is not read.
        reply.header('connection', 'close');
        const producer = await openBytes(raw.pipe(new PassThrough()), {
          protocol: 'http',
          remoteAddress: client.remoteAddress,
          userAgent: client.userAgent,
          contentType: headers['content-type'],
          signal,
        }).catch(faultOfClient);
        await stream.publish(producer, signal).catch(faultOfClient);
        return reply.send();
      },
    );
  }
}

/** What a camera may be blamed for (502) is here a body that cannot be used. */
function faultOfClient(error: unknown): never {
  const { code, message } = toStreamError(error);
  const isBody = code === 'protocol' || code === 'closed' || code === 'unsupported';
  throw isBody ? new HttpError(400, message) : error;
}
