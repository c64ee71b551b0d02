/**
 * Milestone XProtect, by its API gateway: a token, a session with the server's offer, our answer.
 *
 *   → POST  /IDP/connect/token            client_id=GrantValidatorClient&grant_type=password&username=…&password=…
 *   → POST  /REST/v1/WebRTC/Session       {"cameraId":…}   ← {"sessionId":…,"offerSDP":"{\"type\":\"offer\",\"sdp\":…}"}
 *   → PATCH /REST/v1/WebRTC/Session/ID    {"answerSDP":"{\"type\":\"answer\",\"sdp\":…}"}
 *
 * `#username= #password= #cameraId= #streamId= #playbackTime= #skipGaps #speed=`
 */
import { StreamError } from '../../../core/errors.ts';
import type { SourceOptions } from '../../source-text.ts';
import type { Call, Signaling } from './dialect.ts';
import { requestSignaling } from './http.ts';
import { objectOf, parseObject, textOf } from './json.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

export async function exchangeMilestone(call: Call): Promise<Signaling> {
  const { options, client } = call;
  const base = call.url.replace(/\/+$/, '');
  const cameraId = options.get('cameraId');
  if (!cameraId) throw new StreamError('invalid_source', 'milestone: #cameraId= is missing');
  const token = await requestToken(call, base);
  const session = await requestSignaling(call, {
    method: 'POST',
    url: `${base}/REST/v1/WebRTC/Session`,
    headers: JSON_HEADERS,
    body: JSON.stringify(sessionRequest(cameraId, options)),
    token,
  });
  const { sessionId, offerSDP } = parseObject(session.body) ?? {};
  const offer = typeof offerSDP === 'string' ? parseObject(offerSDP) : objectOf(offerSDP);
  const sdp = textOf(offer?.sdp);
  const id = typeof sessionId === 'number' ? String(sessionId) : textOf(sessionId);
  if (!sdp || !id) throw new StreamError('protocol', 'milestone: a session without an offer');
  const answer = await client.answer(sdp, []);
  await requestSignaling(call, {
    method: 'PATCH',
    url: `${base}/REST/v1/WebRTC/Session/${encodeURIComponent(id)}`,
    headers: JSON_HEADERS,
    body: JSON.stringify({ answerSDP: JSON.stringify({ type: 'answer', sdp: answer }) }),
    token,
  });
  return {};
}

async function requestToken(call: Call, base: string): Promise<string> {
  const { options } = call;
  const { body } = await requestSignaling(call, {
    method: 'POST',
    url: `${base}/IDP/connect/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: 'GrantValidatorClient',
      grant_type: 'password',
      username: options.get('username') ?? '',
      password: options.get('password') ?? '',
    }).toString(),
  });
  const token = textOf(parseObject(body)?.access_token);
  if (!token) throw new StreamError('unauthorized', 'milestone: no access_token in the answer');
  return token;
}

function sessionRequest(cameraId: string, options: SourceOptions): object {
  const streamId = options.get('streamId');
  const playbackTime = options.get('playbackTime');
  const speed = Number(options.get('speed') ?? 0);
  return {
    cameraId,
    ...(streamId ? { streamId } : {}),
    playbackTimeNode: {
      ...(playbackTime ? { playbackTime } : {}),
      ...(options.has('skipGaps') ? { skipGaps: true } : {}),
      ...(speed ? { speed } : {}),
    },
  };
}
