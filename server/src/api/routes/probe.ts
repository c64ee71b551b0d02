/** Before a source is a camera: `/api/probe` says whether it works, `/api/preview` lets it be watched. */
import { Type } from 'typebox';
import { Snapshots } from '../../formats/jpeg/snapshot.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
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
      return probeSource(context, snapshots, allowedSource(context, body), leftSignal(reply));
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
      const source = allowedSource(context, body);
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

/** The source of a body, with its credentials; throws StreamError, HttpError where a client may not give it. */
function allowedSource(context: ApiContext, body: string): string {
  const { source: given, username = '', password = '' } = jsonBody(Source, body);
  const source = username || password ? withCredentials(given, username, password) : given;
  requireAllowed(context, source);
  return source;
}
