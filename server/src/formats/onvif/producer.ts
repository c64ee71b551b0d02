/**
 * ONVIF cameras: the camera tells where its stream is, and that is opened as any RTSP or HTTP source.
 *
 *   onvif://user:pass@host[:80][/onvif/device_service][?subtype=1][#options of the stream's own format]
 *
 *   ?subtype=1        the second profile; `?subtype=Profile_1` the profile of this token; left out: the first
 *   &snapshot         pictures of the profile's snapshot address instead of its stream
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import { parseAddress } from '../../net/url.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import { chooseProfile, connectCamera } from './camera.ts';
import { mediaSources } from './media-address.ts';

/** Asks the camera for its stream's address and opens that. */
export async function open(source: SourceText, context: OpenContext): Promise<Producer> {
  const { signal, services } = context;
  const address = parseAddress(source.url);
  const query = new URLSearchParams(/\?(.*)$/s.exec(address.target)?.[1] ?? '');
  const camera = await connectCamera(source.url, signal);
  const profile = chooseProfile(await camera.profiles(), query.get('subtype') ?? '').token;
  const uri = await (query.has('snapshot') ? camera.snapshotUri(profile) : camera.streamUri(profile));
  const texts = mediaSources(uri, address, source.text.slice(source.url.length));

  let failure: StreamError | undefined;
  for (const text of texts) {
    try {
      return await services.open(text, context);
    } catch (error) {
      signal.throwIfAborted();
      if (!failure || failure.code === 'unreachable') failure = toStreamError(error);
    }
  }
  throw failure ?? new StreamError('internal', 'no address to open');
}
