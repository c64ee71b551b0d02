/** `/`: the web page, from `api.static_dir` or as it was built. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ApiContext, App } from '../context.ts';

export async function pageRoutes(app: App, { store, pageDirectory }: ApiContext): Promise<void> {
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
