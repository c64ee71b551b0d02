/** Before a source is a camera: `/api/probe` says whether it works, `/api/preview` lets it be watched. */
import { Type } from 'typebox';
import { Snapshots } from '../../formats/jpeg/snapshot.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { meantSource, sourcesOf } from '../masked-sources.ts';
import { probeSource, withCredentials } from '../probe.ts';
import { rememberPasswords, requireAllowed } from '../stream-changes.ts';
import { jsonBody, Text } from '../validation.ts';

const Source = Type.Object({
  source: Type.String(),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
});
const EXAMPLE = '{"source": "rtsp://…", "username": "…", "password": "***"}';

export function probeRoutes(app: App, context: ApiContext): void {
  const { store, log, previews } = context;
  const snapshots = new Snapshots({ ffmpeg: store.current.ffmpeg.bin, log });

  app.post(
    '/api/probe',
    {
      schema: {
        tags: ['cameras'],
        summary:
          'Opens a source for a moment: its tracks, whether it has a loudspeaker, a picture, or why it fails',
        description: EXAMPLE,
        body: Type.String(),
      },
      config: { changes: true },
    },
    async ({ body }, reply) => {
      const { source, shown } = meantBy(context, body);
      return { ...(await probeSource(context, snapshots, source, leftSignal(reply))), source: shown };
    },
  );

  app.post(
    '/api/preview',
    {
      schema: {
        tags: ['cameras'],
        summary: 'A stream that is no camera, gone a minute after its last viewer',
        description: EXAMPLE,
        body: Type.String(),
      },
      config: { changes: true },
    },
    async ({ body }) => {
      const { source } = meantBy(context, body);
      rememberPasswords([source]);
      return previews.open(source);
    },
  );

  app.delete(
    '/api/preview',
    {
      schema: {
        tags: ['cameras'],
        summary: 'Ends a preview',
        querystring: Type.Object({ name: Text('As POST gave it') }),
      },
      config: { changes: true },
    },
    async ({ query: { name } }, reply) => {
      if (!previews.end(name)) throw new HttpError(404, 'preview not found');
      return reply.send();
    },
  );
}

/**
 * The source that a body means, with its credentials, and as its client is told of it: what came masked stays so. Throws
 * StreamError, HttpError where a client may not give it.
 */
function meantBy(context: ApiContext, body: string): { source: string; shown: string } {
  const { source: given, username = '', password = '' } = jsonBody(Source, body);
  const { streams } = context;
  const isWhole = username === '' && password === '';
  const known = isWhole ? streams.names().flatMap((name) => sourcesOf(context, name)) : [];
  const meant = meantSource(given, known);
  if (meant !== undefined) return { source: meant, shown: given };
  const source = isWhole ? given : withCredentials(given, username, password);
  requireAllowed(context, source);
  return { source, shown: source };
}
