/** `POST /onvif/*`: the streams as ONVIF cameras (formats/onvif/server.ts). Not below `api.base_path`: recorders know the path by heart. */
import { Type } from 'typebox';
import { parseListen } from '../../config/listen.ts';
import { createOnvifAccess, type OnvifAccess } from '../../formats/onvif/access.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';

const BODY_LIMIT = 256 << 10;
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

export function onvifRoutes(app: App, context: ApiContext): void {
  const { store, streams } = context;

  app.post(
    '/onvif/*',
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        tags: ['onvif'],
        summary: 'ONVIF: a device with all streams, and one per stream at /onvif/{stream}/',
        body: Type.String({ description: 'A SOAP message' }),
      },
      config: { asksItself: true },
    },
    async (request, reply) => {
      const { answerOnvif } = await import('../../formats/onvif/server.ts');
      const { api, onvif } = store.current;
      const { host, name } = reachedBy(request.headers.host, request.socket);
      const origin = `${request.protocol}://${host}`;
      const answer = await answerOnvif({
        streams,
        origin,
        apiBase: origin + api.base_path,
        rtspBase: rtspBase(name, context.rtspListen()),
        discoverable: onvif.discovery,
        path: (request.params as { '*': string })['*'],
        message: request.body,
        access: request.client.lacksPassword ? accessFor(api) : undefined,
        authorization: request.headers.authorization,
        target: request.originalUrl,
      });
      if (answer.challenges.length > 0) reply.raw.setHeader('www-authenticate', [...answer.challenges]);
      return reply.code(answer.status).type(answer.contentType).send(Buffer.from(answer.body));
    },
  );

  let access: OnvifAccess | undefined;
  let accessOf = '';
  /** One for all requests, since it remembers tokens; a new one when the password changes. */
  function accessFor({
    username = '',
    password = '',
  }: {
    username?: string;
    password?: string;
  }): OnvifAccess {
    // Asked for, and not set: nothing would be the right answer.
    if (username === '' && password === '') throw new HttpError(401, 'Unauthorized');
    const key = JSON.stringify([username, password]);
    if (!access || key !== accessOf) access = createOnvifAccess({ username, password });
    accessOf = key;
    return access;
  }
}

/** What the client calls us, with and without the port; the socket's address where it doesn't say. */
function reachedBy(
  header: string | undefined,
  {
    localAddress = '127.0.0.1',
    localPort,
  }: { localAddress?: string | undefined; localPort?: number | undefined },
) {
  const address = localAddress.replace(/^::ffff:/, '');
  const own = `${address.includes(':') ? `[${address}]` : address}:${localPort ?? 80}`;
  const isUsable = header !== undefined && HOST.test(header) && URL.canParse(`http://${header}`);
  const host = isUsable ? header : own;
  return { host, name: host.replace(/:\d+$/, '') };
}

function rtspBase(name: string, listen: string | undefined): string | undefined {
  const port = parseListen(listen ?? '')?.port;
  return port === undefined ? undefined : `rtsp://${name}:${port}`;
}
