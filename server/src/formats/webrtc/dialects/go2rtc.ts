/**
 * Another Porthole, or go2rtc, by the WebSocket of its API; two-way.
 *
 *   → {"type":"webrtc/offer","value":"v=0…"}    ← {"type":"webrtc/answer","value":"v=0…"}
 *   ↔ {"type":"webrtc/candidate","value":"candidate:…"}
 *   ← {"type":"error","value":"webrtc/offer: …"}
 */
import { StreamError } from '../../../core/errors.ts';
import type { Call, Signaling } from './dialect.ts';
import { iceServersOfOption } from './ice-server-links.ts';
import { textOf } from './json.ts';
import { openJsonSocket } from './json-socket.ts';

export async function exchangeGo2rtc(call: Call): Promise<Signaling> {
  const { client, options } = call;
  const answered = Promise.withResolvers<string>();
  answered.promise.catch(() => {});
  const socket = await openJsonSocket(call, ({ type, value }) => {
    const text = textOf(value) ?? '';
    if (type === 'webrtc/answer') answered.resolve(text);
    else if (type === 'webrtc/candidate') client.addCandidate(text);
    else if (type === 'error') answered.reject(new StreamError(codeOf(text), `the server says: ${text}`));
  });
  const { promise: offered, resolve } = Promise.withResolvers<void>();
  client.onCandidate = (candidate) =>
    void offered.then(() => socket.send({ type: 'webrtc/candidate', value: candidate }));
  const offer = await client.offer(iceServersOfOption(options.get('ice_servers')));
  socket.send({ type: 'webrtc/offer', value: offer });
  resolve();
  client.accept(await socket.expect('answer', answered.promise));
  return {};
}

/** The server says in words what it means. */
function codeOf(text: string): 'not_found' | 'no_match' | 'protocol' {
  if (/not found/i.test(text)) return 'not_found';
  return /codecs? not matched|no_match/i.test(text) ? 'no_match' : 'protocol';
}
