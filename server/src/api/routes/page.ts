/** `/`: the web page, from `api.static_dir` or as it was built. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ApiContext, App } from '../context.ts';
import { toSearchParams } from '../validation.ts';

/** A page of go2rtc that people have in frames and bookmarks: our player, in that mode. */
const WEBRTC_PAGE = 'webrtc.html';

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
  const { default: fastifyStatic } = await import('@fastify/static');
  await app.register(fastifyStatic, {
    root: resolve(directory),
    cacheControl: false,
    setHeaders(response) {
      // Pages change with the server: browsers ask each time, and an ETag answers.
      response.headers({
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
      });
    },
  });
}
