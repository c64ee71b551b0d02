/** Which notices a server's state calls for, the most urgent first. Pure. */
import type { ServerState } from '../lib/api-types.ts';
import type { MessageKey, Values } from '../lib/i18n.ts';

/** The version of docs/api.md that this page is written to. */
export const API_VERSION = 1;

export interface Notice {
  /** What it is remembered by when it was dismissed. */
  readonly id: string;
  readonly tone: 'info' | 'warn' | 'alarm';
  readonly key?: MessageKey;
  readonly values?: Values;
  /** The server's own words, where it has no key. */
  readonly text?: string;
  readonly action?: 'import';
  readonly dismissable: boolean;
}

export function noticesOf(
  server: ServerState | undefined,
  gone: boolean,
  dismissed: readonly string[],
): readonly Notice[] {
  const notices: Notice[] = [];
  if (gone) notices.push({ id: 'gone', tone: 'alarm', key: 'common.notice.gone', dismissable: false });
  if (!server) return notices;
  if (server.api !== API_VERSION)
    notices.push({ id: 'version', tone: 'alarm', key: 'common.notice.version', dismissable: false });
  if (server.role === 'viewer') return notices;
  const { warnings = [], conflicts = [], integration, webrtc } = server;
  for (const text of warnings) notices.push({ id: `warning:${text}`, tone: 'warn', text, dismissable: true });
  for (const { port, by, instead } of conflicts) {
    const key = instead === undefined ? 'common.notice.conflict' : 'common.notice.conflict.instead';
    const values = { port: String(port), by, instead: String(instead ?? '') };
    notices.push({ id: `port:${port}:${by}`, tone: 'warn', key, values, dismissable: true });
  }
  if (webrtc?.reachable === false) {
    const values = { port: String(webrtc.port ?? '') };
    notices.push({ id: 'webrtc', tone: 'warn', key: 'common.notice.webrtc', values, dismissable: true });
  }
  if (integration?.restart_required)
    notices.push({ id: 'restart', tone: 'warn', key: 'common.notice.restart', dismissable: true });
  if (server.import) {
    const values = { path: server.import.path };
    notices.push({
      id: `import:${server.import.path}`,
      tone: 'info',
      key: 'common.notice.import',
      values,
      action: 'import',
      dismissable: true,
    });
  }
  return notices.filter(({ id, dismissable }) => !dismissable || !dismissed.includes(id));
}
