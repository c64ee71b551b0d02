/** `/api/probe`: whether a source works, before it is a camera. */
import { Type } from 'typebox';
import { Snapshots } from '../../formats/jpeg/snapshot.ts';
import type { ApiContext, App } from '../context.ts';
import { leftSignal } from '../left-signal.ts';
import { probeSource, withCredentials } from '../probe.ts';
import { requireAllowed } from '../stream-changes.ts';
import { jsonBody } from '../validation.ts';

const ProbeBody = Type.Object({
  source: Type.String(),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
});

export function probeRoutes(app: App, context: ApiContext): void {
  const { store, log } = context;
  const snapshots = new Snapshots({ ffmpeg: store.current.ffmpeg.bin, log });

  app.post(
    '/api/probe',
    {
      schema: {
        tags: ['cameras'],
        summary:
          'Opens a source for a moment: its tracks, whether it has a loudspeaker, a picture, or why it fails',
        description: '{"source": "rtsp://…", "username": "…", "password": "***"}',
        body: Type.String(),
      },
      config: { changes: true },
    },
    async ({ body }, reply) => {
      const { source: given, username = '', password = '' } = jsonBody(ProbeBody, body);
      const source = username || password ? withCredentials(given, username, password) : given;
      requireAllowed(context, source);
      return probeSource(context, snapshots, source, leftSignal(reply));
    },
  );
}
