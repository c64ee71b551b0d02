/** `/api`: the server itself. */
import { Type } from 'typebox';
import { schemes } from '../../formats/open.ts';
import { API_VERSION, VERSION } from '../../util/version.ts';
import type { Client } from '../access.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { findTrouble, watchLoop } from '../health.ts';
import { serverWarnings } from '../server-info.ts';

export function appRoutes(app: App, context: ApiContext): void {
  const { store, streams, shutdown } = context;
  const health = watchLoop();
  app.addHook('onClose', async () => health.close());

  app.get(
    '/api',
    {
      schema: { tags: ['app'], summary: 'The server: versions, addresses, warnings' },
      config: { openTo: 'viewer' },
    },
    async ({ client, headers }) => serverInfo(client, headers.host),
  );

  app.get(
    '/api/schemes',
    {
      schema: { tags: ['app'], summary: 'Schemes of sources', response: { 200: Type.Array(Type.String()) } },
    },
    async () => schemes(),
  );

  app.post(
    '/api/exit',
    {
      schema: {
        tags: ['app'],
        summary: 'Ends the process',
        querystring: Type.Object({ code: Type.Optional(Type.String({ description: '0 to 125' })) }),
      },
      config: { changes: true, admin: true },
    },
    async ({ query }, reply) => {
      const code = query.code ?? '0';
      if (!/^\d{1,3}$/.test(code) || Number(code) > 125) {
        throw new HttpError(400, 'Code must be in the range [0, 125]');
      }
      reply.raw.once('finish', () => shutdown({ exitCode: Number(code) }));
      return reply.send();
    },
  );

  app.post(
    '/api/restart',
    { schema: { tags: ['app'], summary: 'Starts the process anew' }, config: { changes: true, admin: true } },
    async (_, reply) => {
      reply.raw.once('finish', () => shutdown('restart'));
      return reply.send();
    },
  );

  app.get(
    '/api/health',
    {
      schema: { tags: ['app'], summary: 'For watchdogs: 200 while the server works' },
      config: { openTo: 'anyone' },
    },
    async (_, reply) => {
      const trouble = findTrouble(health, store.problems, streams.all().length);
      return reply
        .code(trouble ? 503 : 200)
        .type('text/plain; charset=utf-8')
        .send(trouble ?? 'ok');
    },
  );

  function serverInfo(client: Client, host: string | undefined) {
    const { api, rtsp, webrtc } = store.current;
    const rtspListen = context.rtspListen();
    return {
      ...(store.file && client.role === 'admin' ? { config_path: store.file.path } : {}),
      host: host ?? '',
      ...(rtspListen === undefined
        ? {}
        : {
            rtsp: {
              listen: rtspListen,
              default_query: rtsp.default_query,
              ...(rtsp.pkt_size ? { pkt_size: rtsp.pkt_size } : {}),
            },
          }),
      version: API_VERSION,
      porthole: VERSION,
      pid: process.pid,
      read_only: api.read_only,
      warnings: serverWarnings(context),
      // The passwords of TURN servers are for those who may know them; others are relayed by this server.
      ice_servers: (webrtc.ice_servers ?? []).filter(
        ({ username, credential }) => client.trusted || (username === undefined && credential === undefined),
      ),
    };
  }
}
