/** Drives a camera for the pad: by the integration, or by services of Home Assistant that the user named. */
import type { PtzServices } from './config.ts';
import type { Hass } from './hass.ts';
import type { CameraLink, PtzAbility } from './link.ts';
import type { PtzDirection, PtzDrive } from './ptz-pad.ts';

const STILL = { pan: 0, tilt: 0, zoom: 0 };
const SPEED = 0.5;
const MOVES: Readonly<Record<PtzDirection, typeof STILL>> = {
  left: { ...STILL, pan: -SPEED },
  right: { ...STILL, pan: SPEED },
  up: { ...STILL, tilt: SPEED },
  down: { ...STILL, tilt: -SPEED },
  zoom_in: { ...STILL, zoom: SPEED },
  zoom_out: { ...STILL, zoom: -SPEED },
  home: STILL,
};

/** `failed` is told in words what the camera or Home Assistant answered. */
export function driveByLink(link: CameraLink, able: PtzAbility, failed: (error: unknown) => void): PtzDrive {
  return {
    able,
    start: (direction) => void link.ptz(MOVES[direction]).catch(failed),
    stop: () => void link.ptz(STILL).catch(failed),
    goTo: (preset) => void link.ptz({ preset }).catch(failed),
  };
}

/** `data_left` when released, `data_start_left` when pressed, `data_end_left` after it, as custom:webrtc-camera does. */
export function driveByServices(
  { service, data }: PtzServices,
  hass: () => Hass,
  failed: (error: unknown) => void,
): PtzDrive {
  const [domain = '', name = ''] = service.split('.');
  const has = (...directions: PtzDirection[]) =>
    Object.keys(data).some((key) => directions.some((direction) => key.endsWith(direction)));
  const call = (key: string) => {
    if (data[key]) hass().callService(domain, name, data[key]).catch(failed);
  };
  let held: PtzDirection | undefined;
  return {
    able: {
      move: has('left', 'right', 'up', 'down'),
      zoom: has('zoom_in', 'zoom_out'),
      home: has('home'),
    },
    start(direction) {
      // The pad repeats what is held; a service is called once a press.
      if (held === direction) return;
      held = direction;
      call(`start_${direction}`);
    },
    stop(direction) {
      held = undefined;
      call(`end_${direction}`);
      call(direction);
    },
    goTo: () => undefined,
  };
}
