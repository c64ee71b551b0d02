/**
 * A port of its own for the ONVIF device of a stream (`onvif.devices`), for recorders that tell cameras apart by port.
 *
 *   POST :8101/onvif/device_service       → /onvif/front%20door/device_service
 *   GET  :8101/api/frame.jpeg?src=front%20door
 *
 * Nothing else of the API is there, and what is there has the API's rules.
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../util/log.ts';
import { type Listeners, type ListenSettings, openListeners } from './listeners.ts';

/** Opens the listeners of the config. One that cannot listen is logged and left out. */
export async function openOnvifListeners(
  { onvif, api }: Config,
  { keys, requireCredentials }: Pick<ListenSettings, 'keys' | 'requireCredentials'>,
  route: RequestListener,
  log: Logger,
): Promise<Pick<Listeners, 'close'>> {
  const opened: Listeners[] = [];
  for (const [stream, { listen = '' }] of Object.entries(onvif.devices)) {
    if (listen === '') continue;
    const request: RequestListener = (message, response) => {
      const target = deviceTarget(message.url ?? '', stream, api.base_path);
      if (target === undefined) return void response.writeHead(404).end();
      // As Express and Fastify name it: HTTP Digest signs the address that the client knows.
      Object.assign(message, { originalUrl: message.url } satisfies { originalUrl: IncomingMessage['url'] });
      message.url = target;
      route(message, response);
    };
    const address = { ...api, listen, tls_listen: '', unix_listen: '' };
    const listeners = await openListeners(
      { api: address, keys, requireCredentials },
      { request, upgrade: (_, socket) => socket.destroy() },
      log,
    ).catch(() => undefined);
    if (listeners) opened.push(listeners);
  }
  return {
    async close() {
      await Promise.all(opened.map((listeners) => listeners.close()));
    },
  };
}

/** What a request on the stream's own port asks of the API; undefined where that is nothing of this stream. */
export function deviceTarget(target: string, stream: string, basePath: string): string | undefined {
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(target) ?? [];
  const service = /^\/onvif\/(?:([^/]+)\/)?([a-z0-9_]+)$/i.exec(path);
  const own = encodeURIComponent(stream);
  if (service && (service[1] === undefined || service[1] === own)) return `/onvif/${own}/${service[2]}`;
  const asked = new URLSearchParams(query).getAll('src');
  const isSnapshot = path === `${basePath}/api/frame.jpeg` && asked.length === 1 && asked[0] === stream;
  return isSnapshot ? target : undefined;
}
