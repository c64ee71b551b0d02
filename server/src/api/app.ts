/** The HTTP application: who may ask (admission.ts) before anything else, one plugin per topic, one form of errors. */
import { type FastifyReply, fastify } from 'fastify';
import { StreamError } from '../core/errors.ts';
import type { ApiContext, App, TypeBoxProvider } from './context.ts';
import { describeFailure, HttpError } from './errors.ts';
import { appRoutes } from './routes/app.ts';
import { cameraRoutes } from './routes/cameras.ts';
import { configRoutes } from './routes/config.ts';
import { consumerRoutes } from './routes/consumers.ts';
import { discoveryRoutes } from './routes/discovery.ts';
import { ffmpegRoutes } from './routes/ffmpeg.ts';
import { frameRoutes } from './routes/frames.ts';
import { hlsRoutes } from './routes/hls.ts';
import { importRoutes } from './routes/import.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { logRoutes } from './routes/log.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { onvifRoutes } from './routes/onvif.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { pageRoutes } from './routes/page.ts';
import { preloadRoutes } from './routes/preload.ts';
import { probeRoutes } from './routes/probe.ts';
import { rtspToWebrtcRoutes } from './routes/rtsp-to-webrtc.ts';
import { scanRoutes } from './routes/scan.ts';
import { streamRoutes } from './routes/streams.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { videoRoutes } from './routes/video.ts';
import { webrtcRoutes } from './routes/webrtc.ts';
import { webtorrentRoutes } from './routes/webtorrent.ts';
import type { Grant } from './tokens.ts';
import { compilers, compileValidator, parseQuery, toSearchParams } from './validation.ts';

const BODY_LIMIT = 1 << 20;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const NOT_FOUND = '404 page not found';
/** A Map, because the first use of `Headers` costs 15 ms of the start. */
const CORS_HEADERS = new Map([
  ['access-control-allow-origin', '*'],
  ['access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE, OPTIONS'],
  ['access-control-allow-headers', 'Authorization, Content-Type'],
]);

/** Builds the application; `ready` when it resolves. */
export async function createApp(context: ApiContext): Promise<App> {
  const { store, log } = context;
  const app: App = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    routerOptions: { querystringParser: parseQuery, maxParamLength: 1024 },
    schemaController: { compilersFactory: compilers(compileValidator) },
  }).withTypeProvider<TypeBoxProvider>();

  // Bodies are text, whatever their type says; routes that take bytes set a parser of their own.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.decorateRequest('client');
  app.addHook('onRequest', async (request, reply) => {
    const rules = store.current.api;
    if (log.enabled('trace')) {
      log.trace('request', { method: request.method, url: readable(request.url), from: request.ip });
    }
    // On the raw response: video is written past Fastify.
    reply.raw.setHeader('cache-control', 'no-store');
    if (rules.origin === '*') {
      reply.raw.setHeaders(CORS_HEADERS);
      if (request.method === 'OPTIONS') return reply.code(204).send();
    }
    const { url, config } = request.routeOptions;
    const { id: named } = request.params as { id?: string };
    request.client = await context.admit(request.raw, config, toSearchParams(request.query), named);
    if (request.client.grant) endWhenRevoked(request.client.grant, reply);
    if (rules.allow_paths && url !== undefined && !rules.allow_paths.includes(url.replace(/\*$/, ''))) {
      throw new HttpError(404, NOT_FOUND);
    }
  });

  app.setErrorHandler((error, request, reply) => {
    const { status, text } = describeFailure(error);
    const isBug = status === 500 && !(error instanceof StreamError);
    if (isBug) log.error('unexpected', { url: readable(request.url), error: (error as Error).stack });
    else if (status >= 500) {
      const { src: stream } = (request.query ?? {}) as { src?: unknown };
      log.debug('failed', { stream, url: readable(request.url), status, error: text });
    }
    if (error instanceof HttpError && error.asksForPassword)
      reply.header('www-authenticate', 'Basic realm="porthole"');
    return sendText(reply, status, text);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const allowed = METHODS.filter((method) => app.hasRoute({ url: path, method }));
    if (allowed.length === 0) return sendText(reply, 404, NOT_FOUND);
    return sendText(reply.header('allow', allowed.join(', ')), 405, 'method not allowed');
  });

  const prefix = store.current.api.base_path;
  const openApi = openApiRoutes(app, context);
  for (const routes of [
    appRoutes,
    configRoutes,
    importRoutes,
    logRoutes,
    tokenRoutes,
    cameraRoutes,
    consumerRoutes,
    probeRoutes,
    streamRoutes,
    preloadRoutes,
    frameRoutes,
    videoRoutes,
    hlsRoutes,
    webrtcRoutes,
    webtorrentRoutes,
    ingestRoutes,
    ffmpegRoutes,
    discoveryRoutes,
    scanRoutes,
    metricsRoutes,
  ]) {
    app.register(async (scope) => routes(scope as App, context), { prefix });
  }
  app.register(async (scope) => onvifRoutes(scope as App, context));
  app.register(async (scope) => rtspToWebrtcRoutes(scope as App, context));
  app.register(async (scope) => openApi(scope as App), { prefix });
  app.register(async (scope) => pageRoutes(scope as App, context), { prefix });
  await app.ready();
  return app;
}

/** What was opened with a token ends with it. */
function endWhenRevoked({ revoked }: Grant, { raw }: FastifyReply): void {
  const end = (): void => void raw.destroy();
  revoked.addEventListener('abort', end);
  raw.once('close', () => revoked.removeEventListener('abort', end));
}

function sendText(reply: FastifyReply, status: number, text: string) {
  return reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .header('x-content-type-options', 'nosniff')
    .send(`${text}\n`);
}

/** With its escapes undone: credentials that stand in it are recognised, and masked. */
function readable(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
