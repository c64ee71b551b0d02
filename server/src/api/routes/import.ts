/** `POST /api/import`: takes over the streams of a go2rtc.yaml that was found on this machine. */
import { setValue } from '../../config/edit.ts';
import { redact } from '../../util/redact.ts';
import { planImport } from '../config-import.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';

export function importRoutes(app: App, { store, streams, importFrom }: ApiContext): void {
  app.post(
    '/api/import',
    {
      schema: { tags: ['config'], summary: 'Takes over the streams of the go2rtc.yaml that is offered' },
      config: { changes: true, admin: true },
    },
    async () => {
      const file = importFrom?.();
      if (!file) throw new HttpError(404, 'there is no go2rtc.yaml to import');
      if (!store.file) throw new HttpError(410, 'there is no config file to import into');
      const { added, skipped } = planImport(
        file.text,
        file.path,
        (name) => streams.get(name) !== undefined || Object.hasOwn(store.current.streams, name),
        store.current.ffmpeg,
      );
      if (added.length > 0)
        await store.edit((text) =>
          added.reduce((edited, { name, sources }) => setValue(edited, ['streams', name], sources), text),
        );
      return {
        added: added.map(({ name }) => redact(name)),
        skipped: skipped.map(({ name, reason }) => ({ name: redact(name), reason: redact(reason) })),
      };
    },
  );
}
