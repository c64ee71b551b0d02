/** `/`: the web page, from `api.static_dir` or as it was built. */
import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import type { ApiContext, App } from '../context.ts';
import { toSearchParams } from '../validation.ts';

/** A page of go2rtc that people have in frames and bookmarks: our player, in that mode. */
const WEBRTC_PAGE = 'webrtc.html';
/** Pages change with the server: browsers ask each time, and an ETag answers. */
const ASKED_EACH_TIME = 'no-cache';
/** What our pages are made of: another content has another name. */
const LASTING = 'public, max-age=31536000, immutable';

export async function pageRoutes(app: App, { store, pageDirectory }: ApiContext): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, openTo: 'viewer' };
  });
  const directory = store.current.api.static_dir || pageDirectory;
  if (directory === undefined || !existsSync(directory)) {
    app.get('/', async (_, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('Porthole runs; its web page is not built: npm run build\n'),
    );
    return;
  }
  const { base_path: prefix } = store.current.api;
  if (prefix) app.get('', async (_, reply) => reply.redirect(`${prefix}/`));
  if (!existsSync(join(directory, WEBRTC_PAGE))) {
    app.get(`/${WEBRTC_PAGE}`, async ({ query }, reply) => {
      const parameters = toSearchParams(query);
      parameters.set('mode', 'webrtc');
      return reply.redirect(`stream.html?${parameters}`);
    });
  }
  const assets = join(resolve(directory), 'assets', sep);
  const { default: fastifyStatic } = await import('@fastify/static');
  await app.register(fastifyStatic, {
    root: resolve(directory),
    cacheControl: false,
    setHeaders(response, path) {
      const isLasting = directory === pageDirectory && path.startsWith(assets);
      response.headers({
        'cache-control': isLasting ? LASTING : ASKED_EACH_TIME,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
      });
    },
  });
}
