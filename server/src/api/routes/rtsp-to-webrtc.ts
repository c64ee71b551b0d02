/**
 * The routes of RTSPtoWeb that Home Assistant's integration `rtsp_to_webrtc` (until 2025) asks for; at the root, without
 * `api.base_path`, because it knows no path. Observed: go2rtc, rtsp-to-webrtc-client.
 *
 *   GET  /static, /streams             is there a server?
 *   POST /stream/ID/add                {"name": "front", "channels": {"0": {"url": "rtsp://camera/1"}}}
 *   POST /stream/ID/channel/0/webrtc   data=BASE64(offer) → BASE64(answer)
 */
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { postWebrtc } from '../../formats/webrtc/http.ts';
import { type ApiContext, type App, requireWebrtc } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { peerRights } from '../peer-rights.ts';
import { patchStream } from '../stream-changes.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text } from '../validation.ts';

const TAGS = { tags: ['webrtc'] };
const OK = { status: 1, payload: {} };
const params = Type.Object({ id: Text('Name of the stream') });
const AddBody = Type.Object({
  name: Type.String(),
  channels: Type.Object({ 0: Type.Object({ url: Type.String() }) }),
});

export function rtspToWebrtcRoutes(app: App, context: ApiContext): void {
  for (const path of ['/static', '/streams'])
    app.get(
      path,
      { schema: { ...TAGS, summary: 'RTSPtoWeb: is there a server?' }, config: { openTo: 'viewer' } },
      async () => OK,
    );

  app.post(
    '/stream/:id/add',
    {
      schema: {
        ...TAGS,
        summary: 'RTSPtoWeb: a stream until the next start',
        params,
        body: Type.String({ description: '{"name":…,"channels":{"0":{"url":…}}}' }),
      },
      config: { changes: true },
    },
    async ({ body, client }) => {
      const { name, channels } = parseAdd(body);
      patchStream(context, client, name, channels[0].url);
      return OK;
    },
  );

  app.post(
    '/stream/:id/channel/0/webrtc',
    {
      schema: {
        ...TAGS,
        summary: 'RTSPtoWeb: answers a WebRTC offer',
        params,
        body: Type.String({ description: 'data=BASE64' }),
      },
      config: { openTo: 'token' },
    },
    async ({ params: { id }, body, client }, reply) => {
      const { remoteAddress, userAgent } = client;
      const answer = await postWebrtc(requireWebrtc(context), {
        stream: requireStream(context, id),
        publishes: false,
        ...peerRights(context, client),
        viewsOnly: true,
        contentType: 'application/x-www-form-urlencoded',
        body,
        client: { remoteAddress, userAgent, signal: leftSignal(reply) },
      });
      return reply.type('text/plain; charset=utf-8').send(answer.body);
    },
  );
}

function parseAdd(body: string) {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new HttpError(400, 'the body is not JSON');
  }
  if (!Check(AddBody, value)) throw new HttpError(400, 'the body names no stream, or no url of channel 0');
  return value;
}
