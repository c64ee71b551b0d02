/**
 * OpenIPC's cameras: the server offers as soon as the WebSocket is open.
 *
 *   ← {"reply":"webrtc_answer","data":{"type":"offer","sdp":…}}    → {"req":"answer","data":"v=0…"}
 *   ← {"reply":"webrtc_candidate","data":{"candidate":…}}          → {"req":"candidate","data":"candidate:…"}
 */
import type { Call, Signaling } from './dialect.ts';
import { iceServersOfOption } from './ice-server-links.ts';
import { objectOf, parseObject, textOf } from './json.ts';
import { openJsonSocket } from './json-socket.ts';

export async function exchangeOpenIpc(call: Call): Promise<Signaling> {
  const { client, options } = call;
  const offered = Promise.withResolvers<string>();
  const socket = await openJsonSocket(call, ({ reply, data }) => {
    const { sdp, candidate } = (typeof data === 'string' ? parseObject(data) : objectOf(data)) ?? {};
    if (reply === 'webrtc_answer' && textOf(sdp)) offered.resolve(String(sdp));
    else if (reply === 'webrtc_candidate') client.addCandidate(textOf(candidate) ?? '');
  });
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  client.onCandidate = (candidate) =>
    void answered.then(() => socket.send({ req: 'candidate', data: candidate }));
  const offer = await socket.expect('offer', offered.promise);
  const answer = await client.answer(offer, iceServersOfOption(options.get('ice_servers')) ?? []);
  socket.send({ req: 'answer', data: answer });
  resolve();
  return { connected: () => socket.close() };
}
