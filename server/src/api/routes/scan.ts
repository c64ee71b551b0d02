/** `/api/scan`: which cameras are there; `/api/sources`: what a form asks for to add one that is not found. */
import { Type } from 'typebox';
import { knownCamera } from '../../cameras/known-sources.ts';
import { toStreamError } from '../../core/errors.ts';
import { FORMATS } from '../../formats/index.ts';
import { isModuleOn } from '../../formats/modules.ts';
import {
  type DeviceLogin,
  type Found,
  SCAN_KINDS,
  type ScanContext,
  type ScanEntry,
  type ScanKind,
} from '../../formats/scan.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { jsonBody, Text } from '../validation.ts';

const SCAN_TIMEOUT_MS = 5000;
/** A device that is asked for all it has may take its time. */
const LOGIN_TIMEOUT_MS = 15_000;
const MAXIMUM_FOUND = 500;

const Login = Type.Object({
  address: Type.String({ minLength: 1, maxLength: 1000 }),
  username: Type.Optional(Type.String({ maxLength: 256 })),
  password: Type.Optional(Type.String({ maxLength: 256 })),
});

export function scanRoutes(app: App, context: ApiContext): void {
  const { services, store, streams, cameras, log } = context;
  const isOn = (name: string): boolean => isModuleOn(name, store.current.app);

  app.get(
    '/api/sources',
    { schema: { tags: ['discovery'], summary: 'The kinds of sources, for forms' } },
    async () =>
      FORMATS.filter(({ form, name }) => form && isOn(name)).map(
        ({ name, title, group, schemes, example, form }) => ({
          ...{ format: name, title, group, schemes, example },
          ...form,
        }),
      ),
  );

  app.get(
    '/api/scan',
    {
      schema: {
        tags: ['discovery'],
        summary: 'Finds cameras; without a kind: what can be scanned',
        querystring: Type.Object({ kind: Type.Optional(Text(Object.keys(SCAN_KINDS).join(', '))) }),
      },
      config: { admin: true },
    },
    async ({ query: { kind } }, reply) => {
      if (kind === undefined) return { kinds: availableKinds() };
      if (!Object.hasOwn(SCAN_KINDS, kind)) {
        throw new HttpError(400, `kind is none of ${Object.keys(SCAN_KINDS).join(', ')}`);
      }
      const entries = availableEntries().filter((entry) => entry.kind === kind);
      if (entries.length === 0) throw new HttpError(404, `${SCAN_KINDS[kind as ScanKind]}: not here`);
      const scanContext = contextOf(
        AbortSignal.any([leftSignal(reply), AbortSignal.timeout(SCAN_TIMEOUT_MS)]),
      );
      const found = await Promise.all(entries.map(async ({ load }) => (await load()).scan(scanContext)));
      return { found: recognised(found.flat().slice(0, MAXIMUM_FOUND)) };
    },
  );

  app.post(
    '/api/scan',
    {
      schema: {
        tags: ['discovery'],
        summary: 'What one ONVIF device has: {"address", "username", "password"}',
        body: Type.String({ description: 'JSON' }),
      },
      config: { changes: true },
    },
    async ({ body }, reply) => {
      const device: DeviceLogin = jsonBody(Login, body);
      const signal = AbortSignal.any([leftSignal(reply), AbortSignal.timeout(LOGIN_TIMEOUT_MS)]);
      const { login } = await import('../../formats/onvif/scan.ts');
      try {
        return { found: recognised(await login(device, contextOf(signal))) };
      } catch (error) {
        const { code, message } = toStreamError(error);
        return { found: [], error: { code, message } };
      }
    },
  );

  function availableEntries(): readonly ScanEntry[] {
    return FORMATS.flatMap(({ scan, name }) =>
      scan && isOn(name) && (scan.available?.(services) ?? true) ? [scan] : [],
    );
  }

  function availableKinds() {
    const kinds = new Set(availableEntries().map(({ kind }) => kind));
    return Object.entries(SCAN_KINDS).flatMap(([kind, title]) =>
      kinds.has(kind as ScanKind) ? [{ kind, title }] : [],
    );
  }

  function contextOf(signal: AbortSignal): ScanContext {
    return { services, log, signal };
  }

  /** With the cameras of ours that they are. */
  function recognised(found: readonly Found[]) {
    const sources = Map.groupBy(streams.all(), ({ name }) => cameras.ownerOf(name) ?? name);
    const known = [...sources].map(([id, list]) => ({
      id,
      sources: list.flatMap((stream) => stream.sources.map(({ text }) => text)),
    }));
    return found.map((item) => {
      const alone = found.filter(({ address }) => address === item.address).length === 1;
      return { ...item, camera: knownCamera(item, known, alone) };
    });
  }
}
