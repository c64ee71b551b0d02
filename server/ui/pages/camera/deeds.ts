/** What administrators do to a camera: each asks where it must, says what it did, and why it could not. */

import { sendJson } from '../../lib/api.ts';
import type { Camera, CameraChange } from '../../lib/api-types.ts';
import { deleteCamera, putCamera, restartCamera } from '../../lib/cameras-api.ts';
import { confirm } from '../../lib/components/confirm.ts';
import { toast, toastFailure } from '../../lib/components/toast.ts';
import { t } from '../../lib/i18n.ts';
import { nameOf } from '../../lib/live-state.ts';
import { go } from '../../lib/router.ts';
import { store } from '../../lib/store.ts';

export async function restart(camera: Camera): Promise<void> {
  if (await attempt(() => restartCamera(camera.id))) toast(t('camera.restarted', { name: nameOf(camera) }));
}

export async function setEnabled(camera: Camera, enabled: boolean): Promise<void> {
  await attempt(async () => store.put(await putCamera(camera.id, { enabled })));
}

/** Resolves with whether it was saved. */
export async function change(camera: Camera, what: CameraChange): Promise<boolean> {
  const done = await attempt(async () => store.put(await putCamera(camera.id, what)));
  if (done) toast(t('camera.saved'));
  return done;
}

/** Asks, deletes, and leads back to the list, where it can be undone for a while. */
export async function remove(camera: Camera): Promise<void> {
  const name = nameOf(camera);
  const sure = await confirm({
    heading: t('camera.delete.question', { name }),
    text: t('camera.delete.text'),
    action: t('camera.delete'),
    danger: true,
  });
  if (!sure || !(await attempt(() => deleteCamera(camera.id)))) return;
  store.remove(camera.id);
  go('cameras');
  toast(t('camera.deleted', { name }), { action: { title: t('common.undo'), run: () => void undo(name) } });
}

/** Its passwords are the server's secret: the config file as it was before brings it back. */
async function undo(name: string): Promise<void> {
  if (await attempt(() => sendJson('POST', 'api/config/undo'))) toast(t('camera.undone', { name }));
}

async function attempt(deed: () => Promise<unknown>): Promise<boolean> {
  try {
    await deed();
    return true;
  } catch (error) {
    toastFailure(error);
    return false;
  }
}
