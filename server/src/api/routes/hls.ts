/**
 * HLS: `/api/stream.m3u8` makes a viewer and tells its id, `/api/hls/*` serve it (formats/hls/http.ts).
 *
 * Any web site may read what an id names (CORS), as Chromecast and embedded players need: ids cannot be guessed. Who may
 * get an id is decided by the same rules as everything else: the first level is not for other web sites. Below it, the id
 * is all that is asked for, so that players need no password and no token for each segment.
 */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import {
  initSegmentOf,
  masterPlaylist,
  mediaPlaylist,
  PLAYLIST_TYPE,
  segmentOf,
} from '../../formats/hls/http.ts';
import { hlsOutputFromQuery } from '../../formats/hls/output.ts';
import type { Payload } from '../../formats/hls/segment-window.ts';
import type { HlsSession } from '../../formats/hls/sessions.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text, Tracks, toSearchParams } from '../validation.ts';

const TAGS = { tags: ['hls'] };
const BY_ID = { openTo: 'anyone' } as const;
const id = Text('From the first playlist');
const n = Text('Number of the segment');
const part = Type.Optional(Text('Number of the part'));
/** A client that takes nothing for so long holds segments that are gone for all others. */
const STUCK_MS = 15_000;
/** Segments never change; their address holds a secret, so nobody else may keep them. */
const KEEP = 'private, max-age=60';

export function hlsRoutes(app: App, context: ApiContext): void {
  const { hls } = context;

  app.get(
    '/api/stream.m3u8',
    {
      schema: {
        ...TAGS,
        summary: 'The stream as HLS: MPEG-TS, or fragmented MP4 with low latency where codecs are named',
        querystring: Type.Object({
          src: Text('Name of the stream'),
          ...Tracks,
          mp4: Type.Optional(Text('Fragmented MP4; flac or all for more codecs')),
        }),
      },
      config: { openTo: 'token' },
    },
    async ({ query, client: { remoteAddress, userAgent, grant } }, reply) => {
      const stream = requireStream(context, query.src);
      const output = hlsOutputFromQuery(stream, toSearchParams(query));
      const session = await hls.open(stream, output, { remoteAddress, userAgent }, leftSignal(reply));
      if (grant) hls.endWith(session.id, grant.revoked);
      return sendPlaylist(reply, session, masterPlaylist(session));
    },
  );

  app.get(
    '/api/hls/playlist.m3u8',
    {
      schema: {
        ...TAGS,
        summary: 'The segments of a viewer',
        querystring: Type.Object({
          id,
          _HLS_msn: Type.Optional(Text('Answered when this segment is complete')),
          _HLS_part: Type.Optional(Text('Answered when this part of it is complete')),
          _HLS_skip: Type.Optional(Text('Ignored: playlists are short')),
        }),
      },
      config: BY_ID,
    },
    async ({ query }, reply) => {
      reply.header('access-control-allow-origin', '*');
      const sequence = numberOf('_HLS_msn', query._HLS_msn);
      const awaitedPart = numberOf('_HLS_part', query._HLS_part);
      if (sequence === undefined && awaitedPart !== undefined)
        throw new HttpError(400, '_HLS_part needs _HLS_msn');
      const awaited = sequence === undefined ? undefined : { sequence, part: awaitedPart };
      return hls.use(query.id, async (session) =>
        sendPlaylist(reply, session, await mediaPlaylist(session, awaited, leftSignal(reply))),
      );
    },
  );

  app.get(
    '/api/hls/init.mp4',
    {
      schema: {
        ...TAGS,
        summary: 'An initialization segment',
        querystring: Type.Object({ id, n: Type.Optional(n) }),
      },
      config: BY_ID,
    },
    ({ query }, reply) => {
      reply.header('access-control-allow-origin', '*');
      return hls.use(query.id, async (session) =>
        sendPayload(reply, session, 'video/mp4', initSegmentOf(session, numberOf('n', query.n))),
      );
    },
  );

  for (const [extension, type] of [
    ['m4s', 'video/iso.segment'],
    ['ts', 'video/mp2t'],
  ] as const) {
    app.get(
      `/api/hls/segment.${extension}`,
      {
        schema: {
          ...TAGS,
          summary: 'A segment, or a part of one',
          querystring: Type.Object({ id, n, part }),
        },
        config: BY_ID,
      },
      ({ query }, reply) => {
        reply.header('access-control-allow-origin', '*');
        const sequence = numberOf('n', query.n)!;
        const partNumber = numberOf('part', query.part);
        return hls.use(query.id, async (session) =>
          sendPayload(
            reply,
            session,
            type,
            await segmentOf(session, sequence, partNumber, leftSignal(reply)),
          ),
        );
      },
    );
  }

  for (const path of ['/api/stream.m3u8', '/api/hls/playlist.m3u8', '/api/hls/init.mp4'])
    preflight(app, path);
  for (const extension of ['m4s', 'ts']) preflight(app, `/api/hls/segment.${extension}`);
}

/** Players of other web sites ask first. */
function preflight(app: App, path: string): void {
  app.options(
    path,
    { schema: { ...TAGS, summary: 'What may be asked' }, config: BY_ID },
    async (_, reply) => {
      if (path.startsWith('/api/hls/')) reply.header('access-control-allow-origin', '*');
      return reply
        .header('access-control-allow-methods', 'GET')
        .header('access-control-allow-headers', '*')
        .send();
    },
  );
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new HttpError(400, `${name} is not a number`);
  return Number(text);
}

function sendPlaylist(reply: FastifyReply, { peer }: HlsSession, text: string): FastifyReply {
  const bytes = Buffer.from(text);
  peer.bytesSent += bytes.length;
  reply.raw.setHeader('cache-control', 'no-cache');
  return reply.type(PLAYLIST_TYPE).send(bytes);
}

/** Past Fastify: the pieces go to the socket in one writev, as they are. */
function sendPayload(
  reply: FastifyReply,
  { peer }: HlsSession,
  contentType: string,
  { buffers, bytes }: Payload,
): FastifyReply {
  const { raw } = reply.hijack();
  raw.setHeader('cache-control', KEEP);
  raw.setHeader('access-control-allow-origin', '*');
  raw.writeHead(200, { 'content-type': contentType, 'content-length': bytes });
  raw.setTimeout(STUCK_MS);
  raw.cork();
  for (const buffer of buffers) raw.write(buffer);
  raw.end();
  raw.uncork();
  peer.bytesSent += bytes;
  return reply;
}
