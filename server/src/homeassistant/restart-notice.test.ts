import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../../test/helpers/wait.ts';
import { StreamError } from '../core/errors.ts';
import { createLogger } from '../util/log.ts';
import { type RestartNotice, watchRestart } from './restart-notice.ts';

/** A core that runs this version; '' for none, undefined while it does not answer. */
function core(loaded: string | undefined) {
  const actions: string[] = [];
  const state = {
    loaded,
    actions,
    watch: (installed: string | undefined): RestartNotice =>
      watchRestart({
        installed,
        intervalMs: 5,
        log: createLogger('test'),
        async loadedManifest() {
          if (state.loaded === undefined) throw new StreamError('unreachable', 'down');
          if (state.loaded === '') throw new StreamError('not_found', 'Integration not found');
          return { version: state.loaded };
        },
        callAction: async (action) => void actions.push(action),
      }),
  };
  return state;
}

const CREATE = 'persistent_notification.create';
const DISMISS = 'persistent_notification.dismiss';

describe('the notice that core wants a restart', () => {
  test('shows once, and goes when core runs what is installed', async () => {
    const running = core('');
    const notice = running.watch('1.0.0');
    await until('the notice', () => running.actions.length > 0);
    assert.equal(notice.required, true);
    running.loaded = '1.0.0';
    await until('core to run it', () => !notice.required);
    assert.deepEqual(running.actions, [CREATE, DISMISS]);
  });

  test('shows for another version too, and goes when the integration says hello', async () => {
    const running = core('0.9.0');
    const notice = running.watch('1.0.0');
    await until('the notice', () => notice.required);
    notice.connected('0.9.0');
    assert.equal(notice.required, true);
    notice.connected('1.0.0');
    assert.deepEqual([notice.required, running.actions], [false, [CREATE, DISMISS]]);
  });

  test('a core that starts later is waited for', async () => {
    const running = core(undefined);
    const notice = running.watch('1.0.0');
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual([notice.required, running.actions], [false, []]);
    running.loaded = '1.0.0';
    await until('an earlier notice to go', () => running.actions.length > 0);
    assert.deepEqual([notice.required, running.actions], [false, [DISMISS]]);
  });

  test('without an integration there is nothing to tell', async () => {
    const running = core('');
    const notice = running.watch(undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([notice.required, running.actions], [false, []]);
    notice.close();
  });
});
