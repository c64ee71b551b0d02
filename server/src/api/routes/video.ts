/** `/api/stream.*`: endless video in one response. */
import { Type } from 'typebox';
import { contentDisposition, sendOutput } from '../../formats/http-viewer.ts';
import { FORMATS } from '../../formats/index.ts';
import { sendMjpeg } from '../../formats/mjpeg/viewers.ts';
import { safariRedirect, sendMp4 } from '../../formats/mp4/http-viewer.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { takeOver } from '../left-signal.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text, Tracks, toSearchParams } from '../validation.ts';

const TAGS = { tags: ['video'] };
const src = Text('Name of the stream');
/** What has no end has no HEAD either: its type is known when the camera runs. */
const ENDLESS = { exposeHeadRoute: false, config: { openTo: 'token' } } as const;

export function videoRoutes(app: App, context: ApiContext): void {
  const { store } = context;

  app.get(
    '/api/stream.mp4',
    {
      ...ENDLESS,
      schema: {
        ...TAGS,
        summary: 'The stream as fragmented MP4',
        querystring: Type.Object({
          src,
          ...Tracks,
          mp4: Type.Optional(Text('Any codec that MP4 players take; flac or all for more')),
          duration: Type.Optional(Text('Seconds')),
          filename: Type.Optional(Text('Saves it under this name')),
          rotate: Type.Optional(Text('90, 180, 270 or -90 degrees, by the player')),
          scale: Type.Optional(Text('Pixel aspect ratio X:Y')),
        }),
      },
    },
    async ({ query, client, headers }, reply) => {
      const stream = requireStream(context, query.src);
      const parameters = toSearchParams(query);
      const instead = safariRedirect(headers['user-agent'], parameters);
      const hls = `${store.current.api.base_path}/api/stream.m3u8`;
      if (instead && app.hasRoute({ url: hls, method: 'GET' })) return reply.redirect(instead, 301);
      return takeOver(reply, () => sendMp4(stream, parameters, reply.raw, client));
    },
  );

  app.get(
    '/api/stream.mjpeg',
    {
      ...ENDLESS,
      schema: {
        ...TAGS,
        summary: 'The stream as JPEG pictures (multipart)',
        querystring: Type.Object({ src }),
      },
    },
    async ({ query, client }, reply) => {
      const stream = requireStream(context, query.src);
      return takeOver(reply, () => sendMjpeg(stream, reply.raw, client));
    },
  );

  for (const { name, title, extensions = [], output } of FORMATS) {
    if (!output) continue;
    for (const extension of extensions) {
      app.get(
        `/api/stream.${extension}`,
        {
          ...ENDLESS,
          schema: {
            ...TAGS,
            summary: `The stream as ${title}`,
            querystring: Type.Object({
              src,
              ...Tracks,
              filename: Type.Optional(Text('Saves it under this name')),
            }),
          },
        },
        async ({ query, client }, reply) => {
          const stream = requireStream(context, query.src);
          const chosen = (await output()).createOutput(toSearchParams(query));
          const disposition = contentDisposition(query.filename);
          return takeOver(reply, () =>
            sendOutput(stream, chosen, reply.raw, { ...client, format: name, disposition }),
          );
        },
      );
    }
  }

  app.get(
    '/api/ws',
    {
      config: { openTo: 'token' },
      schema: {
        ...TAGS,
        summary: 'A WebSocket: MSE, WebRTC, key frames, JPEG pictures',
        querystring: Type.Object({
          src: Type.Optional(Text('Name of the stream, or a source')),
          name: Type.Optional(Text('Name for the source')),
          dst: Type.Optional(Text('Name of the stream that the client pushes into')),
        }),
      },
    },
    async (_, reply) => {
      reply.header('upgrade', 'websocket');
      throw new HttpError(426, 'a WebSocket is expected');
    },
  );
}
