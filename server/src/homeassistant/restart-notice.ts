/**
 * Core loads an integration when it starts. So after an installation the user is told to restart it, in a notification of
 * Home Assistant, until core runs the version that lies in its folder.
 *
 * Which one it runs, core says itself (`manifest/get`), whether the integration is set up or not.
 */
import { StreamError } from '../core/errors.ts';
import type { Logger } from '../util/log.ts';

export interface RestartNotice {
  /** Core runs another version of the integration than lies in its folder, or none. */
  readonly required: boolean;
  /** An integration of this version has connected. */
  connected(version: string | undefined): void;
  close(): void;
}

export interface RestartNoticeSettings {
  /** The version that lies in the folder; undefined: none of ours, and nothing to tell. */
  readonly installed: string | undefined;
  /** Core's answer to `manifest/get`; rejects with StreamError. */
  readonly loadedManifest: () => Promise<unknown>;
  /** One of core's actions. */
  readonly callAction: (action: string, data: object) => Promise<void>;
  /** Called when `required` is another. */
  readonly onChange?: () => void;
  readonly log: Logger;
  /** Between two questions to core. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 30_000;
const NOTIFICATION = 'porthole_restart';
const TITLE = 'Restart Home Assistant to use Porthole';
const text = (version: string): string =>
  `The Porthole app has put version ${version} of its integration in place. Home Assistant loads it when it restarts: ` +
  '**Settings → System**, the power button at the top right, **Restart Home Assistant**. ' +
  'Porthole then shows up under **Settings → Devices & services**.';

/** Watches until core runs what is installed. */
export function watchRestart(settings: RestartNoticeSettings): RestartNotice {
  const { installed, loadedManifest, callAction, onChange, log, intervalMs = INTERVAL_MS } = settings;
  let required = false;
  let told = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const setRequired = (now: boolean): void => {
    if (required === now) return;
    required = now;
    onChange?.();
  };

  const settle = (): void => {
    setRequired(false);
    closed = true;
    clearTimeout(timer);
    // Whoever told it: an earlier start of ours may have.
    callAction('persistent_notification.dismiss', { notification_id: NOTIFICATION }).catch(() => {});
  };

  async function look(version: string): Promise<void> {
    try {
      const loaded = await loadedManifest().catch((error: unknown) => {
        if (!(error instanceof StreamError) || error.code !== 'not_found') throw error;
      });
      if (closed) return;
      if ((loaded as { version?: unknown } | undefined)?.version === version) {
        settle();
        return;
      }
      setRequired(true);
      if (!told) {
        const notice = { notification_id: NOTIFICATION, title: TITLE, message: text(version) };
        await callAction('persistent_notification.create', notice);
        told = true;
        log.warn('restart Home Assistant: it has not loaded the integration yet', { version });
      }
    } catch (error) {
      log.debug('core does not say what it runs', { error });
    }
    if (!closed) timer = setTimeout(() => void look(version), intervalMs).unref();
  }

  if (installed !== undefined) void look(installed);
  return {
    get required() {
      return required;
    },
    connected(version) {
      if (!closed && version !== undefined && version === installed) settle();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
