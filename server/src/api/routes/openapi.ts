/** `/api/openapi.json`: the routes' own schemas as an OpenAPI document, made when it is first asked for. */
import type { RouteOptions } from 'fastify';
import { VERSION } from '../../util/version.ts';
import type { ApiContext, App } from '../context.ts';
import { compilers } from '../validation.ts';

/** Begins to collect routes; register the returned plugin last. */
export function openApiRoutes(app: App, context: ApiContext): (scope: App) => void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    if (route.schema?.tags && route.method !== 'HEAD') routes.push(route as unknown as RouteOptions);
  });
  let document: Promise<unknown> | undefined;
  return (scope) => {
    scope.get('/api/openapi.json', { schema: { tags: ['app'], summary: 'This document' } }, async () => {
      document ??= describe(routes, context);
      return document;
    });
  };
}

async function describe(routes: readonly RouteOptions[], { store }: ApiContext): Promise<unknown> {
  const [{ fastify }, { default: swagger }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
  ]);
  const app = fastify({
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: compilers(() => () => true) },
  });
  const { api } = store.current;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Porthole',
        version: VERSION,
        description: 'The API of go2rtc, and what Porthole adds.',
      },
      components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
      security: api.username === undefined && api.password === undefined ? [] : [{ basic: [] }],
    },
  });
  for (const { method, url, schema } of routes) {
    app.route({ method, url, ...(schema ? { schema } : {}), handler: async () => undefined });
  }
  await app.ready();
  return app.swagger();
}
