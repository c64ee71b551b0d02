/** How a message of `api/events` changes what is known. Pure. */
import type { Camera, ServerState } from './api-types.ts';

export interface LiveState {
  readonly server: ServerState | undefined;
  readonly cameras: readonly Camera[];
}

export const initialState: LiveState = { server: undefined, cameras: [] };

/** The state after `message`; the same object when it changes nothing. Messages of other shapes are passed over. */
export function reduce(state: LiveState, message: unknown): LiveState {
  if (typeof message !== 'object' || message === null) return state;
  const { type, server, cameras, camera, id } = message as Record<string, unknown>;
  switch (type) {
    case 'state':
      if (typeof server !== 'object' || server === null || !Array.isArray(cameras)) return state;
      return { server: server as ServerState, cameras: sort(cameras as Camera[]) };
    case 'server':
      return typeof server === 'object' && server !== null
        ? { ...state, server: server as ServerState }
        : state;
    case 'camera': {
      const changed = camera as Camera | undefined;
      if (typeof changed?.id !== 'string') return state;
      return { ...state, cameras: sort([...without(state.cameras, changed.id), changed]) };
    }
    case 'removed': {
      const left = without(state.cameras, String(id));
      return left.length === state.cameras.length ? state : { ...state, cameras: left };
    }
    default:
      return state;
  }
}

/** What people call the camera. */
export function nameOf({ id, name }: Camera): string {
  return name || id;
}

function without(cameras: readonly Camera[], id: string): readonly Camera[] {
  return cameras.filter((camera) => camera.id !== id);
}

/** Camera 2 before camera 10. */
function sort(cameras: readonly Camera[]): readonly Camera[] {
  return [...cameras].sort((a, b) => nameOf(a).localeCompare(nameOf(b), undefined, { numeric: true }));
}
