/** The table of what goes wrong with cameras: the server's code, what it means in a few words, what to do about it. */
import type { MessageKey } from './i18n.ts';

/** What a button beside the advice does. */
export type Remedy = 'edit' | 'restart' | 'log' | 'config';

interface Row {
  readonly words: MessageKey;
  readonly advice: MessageKey;
  /** The most likely help first. */
  readonly remedies: readonly Remedy[];
}

/** Codes are those of the server's `core/errors.ts`. */
const ROWS = {
  unauthorized: {
    words: 'cameras.error.unauthorized',
    advice: 'camera.advice.unauthorized',
    remedies: ['edit', 'restart'],
  },
  unreachable: {
    words: 'cameras.error.unreachable',
    advice: 'camera.advice.unreachable',
    remedies: ['restart', 'edit'],
  },
  timeout: { words: 'cameras.error.timeout', advice: 'camera.advice.timeout', remedies: ['restart', 'edit'] },
  not_found: { words: 'cameras.error.not_found', advice: 'camera.advice.not_found', remedies: ['edit'] },
  stalled: { words: 'cameras.error.stalled', advice: 'camera.advice.stalled', remedies: ['restart', 'log'] },
  closed: { words: 'cameras.error.closed', advice: 'camera.advice.closed', remedies: ['restart', 'log'] },
  asleep: { words: 'cameras.verdict.asleep', advice: 'camera.advice.asleep', remedies: ['restart'] },
  disabled: { words: 'cameras.verdict.disabled', advice: 'camera.advice.disabled', remedies: ['edit'] },
  protocol: { words: 'cameras.error.protocol', advice: 'camera.advice.protocol', remedies: ['edit', 'log'] },
  unsupported: {
    words: 'cameras.error.unsupported',
    advice: 'camera.advice.unsupported',
    remedies: ['edit', 'log'],
  },
  no_match: { words: 'cameras.error.no_match', advice: 'camera.advice.no_match', remedies: ['edit', 'log'] },
  limit: { words: 'cameras.error.limit', advice: 'camera.advice.limit', remedies: ['restart', 'log'] },
  process: { words: 'cameras.error.process', advice: 'camera.advice.process', remedies: ['log', 'edit'] },
  invalid_source: {
    words: 'cameras.error.invalid_source',
    advice: 'camera.advice.invalid_source',
    remedies: ['edit'],
  },
  unsafe_source: {
    words: 'cameras.error.unsafe_source',
    advice: 'camera.advice.unsafe_source',
    remedies: ['config'],
  },
  aborted: { words: 'cameras.error.aborted', advice: 'camera.advice.aborted', remedies: ['restart'] },
  invalid: { words: 'cameras.error.invalid', advice: 'camera.advice.invalid', remedies: ['edit'] },
  internal: {
    words: 'cameras.error.internal',
    advice: 'camera.advice.internal',
    remedies: ['log', 'restart'],
  },
} as const satisfies Readonly<Record<string, Row>>;

export const KNOWN_ERRORS: readonly string[] = Object.keys(ROWS);

/** A newer server may know codes that we do not. */
function rowOf(code: string | undefined): Row {
  return Object.hasOwn(ROWS, code ?? '') ? ROWS[code as keyof typeof ROWS] : ROWS.internal;
}

/** `Wrong password` */
export function errorKey(code: string | undefined): MessageKey {
  return rowOf(code).words;
}

/** What to do, in a sentence or two. */
export function adviceKey(code: string | undefined): MessageKey {
  return rowOf(code).advice;
}

export function remediesFor(code: string | undefined): readonly Remedy[] {
  return rowOf(code).remedies;
}
