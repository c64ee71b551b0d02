/**
 * Cameras of Home Assistant as sources (address.ts). Of the ways in which core shows an entity, the best that works:
 *
 *   web_rtc   its own WebRTC, or core's for it (web-rtc.ts)
 *   hls       camera/stream: a playlist
 *   else      /api/camera_proxy_stream, MJPEG; through the Supervisor, which passes no endless answers on, single pictures
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import type { OpenContext, OpenProducer } from '../format.ts';
import { parseSourceText, type SourceText } from '../source-text.ts';
import { openDialect } from '../webrtc/producer.ts';
import { type CoreAddress, readSource } from './address.ts';
import { type CoreSocket, connectCore, objectOf } from './core-socket.ts';
import { importedSource } from './imported.ts';
import { dialectOf } from './web-rtc.ts';

/** Cameras that Home Assistant has from a server like this one: by the integration, or by our MQTT discovery messages. */
export function isOwnEntity({ platform, unique_id: id }: Readonly<Record<string, unknown>>): boolean {
  return platform === 'porthole' || (platform === 'mqtt' && /^porthole_[0-9a-f]{8}_/.test(String(id)));
}

export const open: OpenProducer = async (source, context) => {
  const section = context.services.section('hass');
  if (!source.rest.startsWith('//')) {
    return context.services.open(await importedSource(section.config, source.rest.trim()), context);
  }
  const { core, entity } = readSource(source.url, section);
  const over = new AbortController();
  const socket = await connectCore(core, AbortSignal.any([context.signal, over.signal]));
  let isHeld = false;
  try {
    await refuseOwn(socket, entity);
    const types = await streamTypes(socket, entity);
    if (types.has('web_rtc')) {
      try {
        const producer = await openDialect(source, context, dialectOf(core, socket, entity));
        isHeld = true;
        return closingWith(producer, socket);
      } catch (error) {
        context.signal.throwIfAborted();
        context.log.debug('hass: no WebRTC', { entity, error: toStreamError(error) });
      }
    }
    return await context.services.open(await httpSource(core, entity, types, source, context), context);
  } finally {
    if (!isHeld) over.abort();
  }
};

/** A camera that shows what this server shows would wait for itself. What the registry doesn't say is let through. */
async function refuseOwn(socket: CoreSocket, entity_id: string): Promise<void> {
  const entry = await socket.ask({ type: 'config/entity_registry/get', entity_id }).catch(() => undefined);
  if (isOwnEntity(objectOf(entry))) {
    throw new StreamError('invalid_source', `hass: ${entity_id} is a camera of this server itself`);
  }
}

/** `web_rtc`, `hls`; neither for a camera of pictures. */
async function streamTypes(socket: CoreSocket, entity_id: string): Promise<ReadonlySet<unknown>> {
  const { frontend_stream_types } = objectOf(await socket.ask({ type: 'camera/capabilities', entity_id }));
  return new Set(Array.isArray(frontend_stream_types) ? frontend_stream_types : []);
}

/** By a socket of its own: a WebRTC session that failed has taken the first one along. */
async function httpSource(
  core: CoreAddress,
  entity: string,
  types: ReadonlySet<unknown>,
  { text, url }: SourceText,
  { signal, log }: OpenContext,
): Promise<string> {
  const options = `${text.slice(url.length)}#timeout=20s#header=Authorization: Bearer ${core.token}`;
  // Cameras with WebRTC of their own may have a stream besides.
  if (types.size > 0) {
    try {
      return core.http + (await playlistOf(core, entity, signal)) + options;
    } catch (error) {
      // Core lists HLS for cameras without a stream, too, and says so only here.
      if (types.has('hls') && !/not support/i.test(toStreamError(error).message)) throw error;
      log.debug('hass: no stream', { entity, error: toStreamError(error) });
    }
  }
  const still = `${core.http}/api/camera_proxy/${entity}#interval=1s`;
  const source = core.bySupervisor ? still : `${core.http}/api/camera_proxy_stream/${entity}`;
  return parseSourceText(source + options).text;
}

async function playlistOf(core: CoreAddress, entity_id: string, signal: AbortSignal): Promise<string> {
  const socket = await connectCore(core, signal);
  try {
    const { url } = objectOf(await socket.ask({ type: 'camera/stream', entity_id, format: 'hls' }));
    if (typeof url !== 'string' || !/^\/api\/[\w/.-]+$/.test(url)) {
      throw new StreamError('protocol', 'hass: the address of the stream is not one of Home Assistant');
    }
    return url;
  } finally {
    socket.close();
  }
}

/** The session lives as long as its socket, and the socket no longer than the producer. */
function closingWith(producer: Producer, socket: CoreSocket): Producer {
  return {
    ...producer,
    async run(write, signal) {
      try {
        await producer.run(write, signal);
      } finally {
        socket.close();
      }
    },
  };
}
