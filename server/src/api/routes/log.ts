/** `/api/log`: the last lines, filtered; the levels, at run time; and all that somebody needs who is to help. */
import { Type } from 'typebox';
import { clearLog, type LogLevel, logLevels, readLog, SEVERITY, setLogLevel } from '../../util/log.ts';
import { passesFilter } from '../../util/log-filter.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { logBundle } from '../log-bundle.ts';
import { Text } from '../validation.ts';

const TAGS = { tags: ['app'] };
const LEVELS = Object.keys(SEVERITY) as LogLevel[];
const Level = Type.Unsafe<LogLevel>(Type.String({ enum: LEVELS, description: LEVELS.join(', ') }));

export function logRoutes(app: App, context: ApiContext): void {
  app.get(
    '/api/log',
    {
      schema: {
        ...TAGS,
        summary: 'The log, as JSON lines',
        querystring: Type.Object({
          level: Type.Optional(Level),
          module: Type.Optional(Text('Such as rtsp')),
          stream: Type.Optional(Text('Lines about this stream')),
          since: Type.Optional(Text('Unix time in milliseconds')),
          q: Type.Optional(Text('A text that is in the line')),
        }),
      },
    },
    async ({ query: { level, module, stream, since, q: text } }, reply) => {
      if (since !== undefined && !/^\d{1,15}$/.test(since)) throw new HttpError(400, 'since is not a number');
      const sinceMs = since === undefined ? undefined : Number(since);
      const isFiltered = [level, module, stream, since, text].some((value) => value !== undefined);
      const filter = { level, module, stream, sinceMs, text };
      const lines = isFiltered ? readLog((line) => passesFilter(line, filter)) : readLog();
      return reply.type('application/jsonlines').send(Buffer.from(lines));
    },
  );

  app.put(
    '/api/log',
    {
      schema: {
        ...TAGS,
        summary: 'Sets the level of a module, or of all, until the next start',
        querystring: Type.Object({ level: Level, module: Type.Optional(Text('Such as rtsp')) }),
      },
      config: { changes: true },
    },
    async ({ query: { level, module } }, reply) => {
      if (module !== undefined && !logLevels().known.includes(module))
        throw new HttpError(400, `module ${module} is not known: ${logLevels().known.join(', ')}`);
      setLogLevel(level, module);
      return reply.send();
    },
  );

  app.delete(
    '/api/log',
    { schema: { ...TAGS, summary: 'Forgets the log' }, config: { changes: true } },
    async (_, reply) => {
      clearLog();
      return reply.type('text/plain; charset=utf-8').send('OK');
    },
  );

  app.get('/api/log/levels', { schema: { ...TAGS, summary: 'The levels, and the modules' } }, async () =>
    logLevels(),
  );

  app.get(
    '/api/log/bundle',
    {
      schema: { ...TAGS, summary: 'Versions, configuration, cameras and log, with secrets masked, to share' },
      config: { admin: true },
    },
    async (_, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .header('content-disposition', 'attachment; filename="porthole.txt"')
        .send(logBundle(context)),
  );
}
