/** `GET /api/hass`: the cameras of Home Assistant's configuration, where the config names its folder. */
import { redact } from '../../util/redact.ts';
import type { Discover } from '../format.ts';
import { importedCameras } from './imported.ts';

export const discover: Discover = async (_query, { services }) => {
  const { config } = services.section('hass');
  if (!config) return [];
  const cameras = await importedCameras(config);
  return cameras.map(({ title, source }) => ({
    name: title,
    url: `hass:${title}`,
    location: redact(source),
  }));
};
