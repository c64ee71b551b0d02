/**
 * From notifications to what a camera tells: motion as one state, however many rules and regions tell of it; a ring
 * each time it begins.
 *
 *   CellMotionDetector  ──██████──────────
 *   MotionAlarm         ────████████──────
 *   motion              ──██████████──────   two events
 */
import type { CameraEvent } from '../format.ts';
import { type EventKind, isActive, kindOfTopic, plainTopic } from './event-topics.ts';
import type { Notification } from './notification.ts';

export interface EventState {
  accept(notifications: readonly Notification[]): void;
  /** A new subscription: what its first notifications do not say again has ended unseen. */
  restart(): void;
  /** Nothing is known any more: what was active is over. */
  end(): void;
}

/** Motion that is told as something that happened has no end of its own. */
const MOMENT_MS = 30_000;
/** A camera has few rules; what names more sources than this is no camera. */
const MAXIMUM_STATES = 256;

interface State {
  readonly kind: EventKind;
  readonly until: number;
  /** Told by this subscription. */
  isCurrent: boolean;
}

/** `isOurs` says whether a message is about this camera, where a device has several. */
export function createEventState({
  atDoor,
  isOurs,
  tell,
  now = () => performance.now(),
}: {
  readonly atDoor: boolean;
  readonly isOurs: (source: ReadonlyMap<string, string>) => boolean;
  readonly tell: (event: CameraEvent) => void;
  readonly now?: () => number;
}): EventState {
  /** What is active, by topic and source. */
  const active = new Map<string, State>();
  let moves = false;
  let rings = false;
  let isFirst = true;

  const isActiveNow = (kind: EventKind): boolean => [...active.values()].some((state) => state.kind === kind);

  /** Motion as it changes; of a ring the end alone: its beginning is told when it comes. */
  const tellChanges = (): void => {
    if (isActiveNow('motion') !== moves) {
      moves = !moves;
      tell({ type: 'motion', active: moves });
    }
    if (rings && !isActiveNow('ring')) {
      rings = false;
      tell({ type: 'ring', active: false });
    }
  };

  const acceptOne = ({ topic, operation, source, data }: Notification): void => {
    const kind = kindOfTopic(topic, atDoor);
    if (!kind || !isOurs(source)) return;
    const key = [plainTopic(topic), ...[...source].flat()].join('\n');
    const isOn = operation === 'Deleted' ? false : isActive(topic, data);
    const before = active.get(key);
    if (isOn === undefined) return;
    if (!isOn) {
      active.delete(key);
      return;
    }
    if (!before && active.size >= MAXIMUM_STATES) return;
    const until = operation === undefined ? now() + MOMENT_MS : Number.POSITIVE_INFINITY;
    active.set(key, { kind, until, isCurrent: true });
    // How it stands at the beginning is no press of the button; a state that is told twice is one.
    const isNews = operation === undefined || (operation !== 'Initialized' && !before);
    if (kind !== 'ring' || !isNews) return;
    rings = true;
    tell({ type: 'ring', active: true });
  };

  return {
    accept(notifications) {
      for (const [key, { until }] of active) if (until <= now()) active.delete(key);
      for (const notification of notifications) {
        acceptOne(notification);
        tellChanges();
      }
      if (isFirst) {
        isFirst = false;
        for (const [key, { isCurrent }] of active) if (!isCurrent) active.delete(key);
      }
      tellChanges();
    },
    restart() {
      isFirst = true;
      for (const state of active.values()) state.isCurrent = false;
    },
    end() {
      active.clear();
      tellChanges();
    },
  };
}
