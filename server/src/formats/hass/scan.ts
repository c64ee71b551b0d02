/**
 * `GET /api/scan?kind=homeassistant`: the camera entities of core, but for our own.
 *
 *   → get_states                    [{entity_id, state, attributes: {friendly_name, model_name, brand}}]
 *   → config/entity_registry/list   [{entity_id, platform, unique_id, disabled_by, hidden_by}]
 */
import { StreamError } from '../../core/errors.ts';
import { type Found, hint, type ScanContext, shortText } from '../scan.ts';
import { type CoreAddress, isCameraEntity, ownCore, sourceOf } from './address.ts';
import { connectCore, objectOf } from './core-socket.ts';
import { isOwnEntity } from './producer.ts';

const MAXIMUM_FOUND = 300;

export async function scan({ services, signal }: ScanContext): Promise<Found[]> {
  const core = ownCore(services.section('hass'));
  if (!core) throw new StreamError('unsupported', 'hass: no Home Assistant is known');
  const socket = await connectCore(core, signal);
  try {
    const [states, registry] = await Promise.all([
      socket.ask({ type: 'get_states' }),
      socket.ask({ type: 'config/entity_registry/list' }).catch(() => []),
    ]);
    return camerasOf(core, states, registry);
  } finally {
    socket.close();
  }
}

/** The cameras among the states. */
export function camerasOf(core: CoreAddress, states: unknown, registry: unknown): Found[] {
  const entries = new Map(listOf(registry).map((entry) => [entry.entity_id, entry]));
  return listOf(states)
    .filter(({ entity_id }) => typeof entity_id === 'string' && isCameraEntity(entity_id))
    .filter(({ entity_id }) => !isOwnEntity(entries.get(entity_id) ?? {}))
    .slice(0, MAXIMUM_FOUND)
    .map(({ entity_id, state, attributes }) => {
      const id = String(entity_id);
      const { friendly_name, model_name, brand } = objectOf(attributes);
      const text = (value: unknown) => shortText(typeof value === 'string' ? value : undefined);
      return {
        kind: 'homeassistant',
        name: text(friendly_name) ?? id,
        model: text(model_name),
        manufacturer: text(brand),
        sources: [
          { source: sourceOf(core, id), title: [id, entries.get(id)?.platform].filter(Boolean).join(', ') },
        ],
        credentials: false,
        ...(state === 'unavailable' && hint('unreachable')),
      };
    });
}

const listOf = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map(objectOf) : [];
