/** `/api/config`: the config file, read and edited; what changes takes effect in the running streams. */
import { Type } from 'typebox';
import { checkDocument, mergeDocument } from '../../config/edit.ts';
import { type ConfigProblem, formatProblem } from '../../config/error.ts';
import { publishedSchema } from '../../config/schema.ts';
import { checkConfig } from '../config-check.ts';
import { checkConfigChange } from '../config-policy.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { Text } from '../validation.ts';

const TAGS = { tags: ['config'] };

export function configRoutes(app: App, context: ApiContext): void {
  const { store } = context;

  const configFile = () => {
    if (!store.file)
      throw new HttpError(410, 'there is no config file: the configuration came by the command line');
    return store.file;
  };

  app.get(
    '/api/config',
    { schema: { ...TAGS, summary: 'The config file as it stands' }, config: { admin: true } },
    async (_, reply) => {
      const text = await configFile().read();
      if (text === undefined) throw new HttpError(404, 'there is no config file yet');
      return reply.type('application/yaml').header('cache-control', 'no-store').send(text);
    },
  );

  const change = async (edit: (text: string) => string): Promise<void> => {
    configFile();
    await store.edit((text) => {
      const after = edit(text);
      checkDocument(after);
      const preview = store.preview(after);
      checkConfigChange(store.current, preview.config);
      const known = new Set(store.preview(text).problems.map(withoutPlace));
      const added = preview.problems.filter((problem) => !known.has(withoutPlace(problem)));
      if (added.length > 0) throw new HttpError(400, added.map(formatProblem).join('\n'));
      return after;
    });
  };

  app.post(
    '/api/config',
    {
      schema: { ...TAGS, summary: 'Replaces the config file', body: Type.String() },
      config: { changes: true, admin: true },
    },
    async ({ body }, reply) => {
      await change(() => body);
      return reply.send();
    },
  );

  app.patch(
    '/api/config',
    {
      schema: {
        ...TAGS,
        summary: 'Merges a document (YAML or JSON) into the config file; comments stay',
        body: Type.String(),
      },
      config: { changes: true, admin: true },
    },
    async ({ body }, reply) => {
      await change((text) => mergeDocument(text, body));
      return reply.send();
    },
  );

  app.post(
    '/api/config/check',
    {
      schema: { ...TAGS, summary: 'What a text would mean as the config file', body: Type.String() },
      config: { admin: true },
    },
    async ({ body }) => checkConfig(store, body),
  );

  app.get(
    '/api/config/history',
    {
      schema: {
        ...TAGS,
        summary: 'The texts before the last edits, newest first, or one of them',
        querystring: Type.Object({ id: Type.Optional(Text('From the list')) }),
      },
      config: { admin: true },
    },
    async ({ query: { id } }, reply) => {
      const texts = store.history?.list() ?? [];
      reply.header('cache-control', 'no-store');
      if (id === undefined)
        return texts.map(({ id, time, text }) => ({ id, time, bytes: Buffer.byteLength(text) }));
      const found = texts.find((each) => String(each.id) === id);
      if (!found) throw new HttpError(404, `there is no text ${id}`);
      return reply.type('application/yaml').send(found.text);
    },
  );

  app.post(
    '/api/config/undo',
    {
      schema: { ...TAGS, summary: 'Puts the text before the last edit in force again' },
      config: { changes: true, admin: true },
    },
    async (_, reply) => {
      configFile();
      // What the file held before needs no permission again, as long as nothing else is lost with the edit.
      await store.edit((text) => {
        const last = store.history?.list()[0];
        if (!last) throw new HttpError(409, 'there is nothing to undo');
        if (!store.history?.isLatest(text))
          throw new HttpError(409, 'the config file was changed by other means since the last edit');
        return last.text;
      });
      return reply.send();
    },
  );

  app.get(
    '/schema.json',
    { schema: { ...TAGS, summary: 'The JSON Schema of the config file' }, config: { openTo: 'viewer' } },
    async (_, reply) => reply.type('application/schema+json').send(JSON.stringify(publishedSchema())),
  );
}

/** A problem that an edit moved to another line is not a new one. */
const withoutPlace = ({ source, path, message }: ConfigProblem): string => `${source} ${path} ${message}`;
