/** `/api/webrtc`: one offer, one answer (WHEP, WHIP, and go2rtc's forms; see formats/webrtc/http.ts). */
import { Type } from 'typebox';
import { deleteWebrtc, postWebrtc } from '../../formats/webrtc/http.ts';
import { type ApiContext, type App, requireWebrtc } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { peerRights } from '../peer-rights.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text } from '../validation.ts';

const TAGS = { tags: ['webrtc'] };

export function webrtcRoutes(app: App, context: ApiContext): void {
  app.post(
    '/api/webrtc',
    {
      schema: {
        ...TAGS,
        summary: 'Answers a WebRTC offer (WHEP, WHIP)',
        querystring: Type.Object({
          src: Type.Optional(Text('Name of the stream to watch')),
          dst: Type.Optional(Text('Name of the stream to push into')),
        }),
        body: Type.String({ description: 'The offer: SDP, {"type":"offer","sdp":…}, or data=BASE64' }),
      },
      config: { openTo: 'token' },
    },
    async ({ query: { src, dst }, body, client, headers }, reply) => {
      if (src === undefined && dst === undefined) throw new HttpError(400, 'src or dst is missing');
      const publishes = src === undefined;
      if (publishes && context.store.current.api.read_only) throw new HttpError(403, 'read-only');
      const { remoteAddress, userAgent } = client;
      const answer = await postWebrtc(requireWebrtc(context), {
        stream: requireStream(context, src ?? dst),
        publishes,
        ...peerRights(context, client),
        contentType: headers['content-type'],
        body,
        client: { remoteAddress, userAgent, signal: leftSignal(reply) },
      });
      if (answer.location) reply.header('location', answer.location);
      return reply.code(answer.status).type(answer.contentType).send(Buffer.from(answer.body));
    },
  );

  app.delete(
    '/api/webrtc',
    {
      schema: {
        ...TAGS,
        summary: 'Ends a session',
        querystring: Type.Object({ id: Text('From the Location of the answer') }),
      },
      // Nobody guesses an id.
      config: { openTo: 'anyone' },
    },
    async ({ query }, reply) => {
      if (!deleteWebrtc(requireWebrtc(context), query.id)) throw new HttpError(404, 'session not found');
      return reply.send();
    },
  );

  app.options(
    '/api/webrtc',
    { schema: { ...TAGS, summary: 'What can be posted' }, config: { openTo: 'anyone' } },
    async (_, reply) => reply.code(204).header('accept-post', 'application/sdp, application/json').send(),
  );
}
