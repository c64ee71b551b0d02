/**
 * Creality's 3D printers: one POST, all of it Base64.
 *
 *   → POST /call/webrtc_local   Content-Type: plain/text   base64({"type":"offer","sdp":…})
 *   ← 200                                                  base64({"type":"answer","sdp":…})
 *
 * Its answer lists a format that it does not send, and a second `fmtp` of the one that it sends: both are harmless here.
 */
import { StreamError } from '../../../core/errors.ts';
import type { Call, Signaling } from './dialect.ts';
import { requestSignaling } from './http.ts';
import { decodeObject, encodeObject, textOf } from './json.ts';

export async function exchangeCreality(call: Call): Promise<Signaling> {
  const { client, url } = call;
  const reply = await requestSignaling(call, {
    method: 'POST',
    url,
    headers: { 'content-type': 'plain/text' },
    body: encodeObject({ type: 'offer', sdp: await client.offer() }),
  });
  const sdp = textOf(decodeObject(reply.body)?.sdp);
  if (!sdp) throw new StreamError('protocol', 'creality: the answer is no description in Base64');
  client.accept(sdp);
  return {};
}
