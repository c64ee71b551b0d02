import type { CameraState } from '../cameras/camera-state.ts';
import type { Client } from './access.ts';

/** A camera as this client may see it: viewers are told the kind of a failure, whose text names addresses of cameras. */
export function cameraView(camera: CameraState, { role }: Pick<Client, 'role'>): CameraState {
  if (role === 'admin' || !camera.error) return camera;
  const { code, since } = camera.error;
  return { ...camera, error: { code, message: code.replaceAll('_', ' '), since } };
}
