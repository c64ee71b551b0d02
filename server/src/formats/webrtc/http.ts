/**
 * WebRTC over HTTP: `POST /api/webrtc`.
 *
 *   ?src=NAME  application/sdp                     WHEP: 201, application/sdp
 *   ?src=NAME  application/json                    {"type":"offer","sdp":…} → {"type":"answer","sdp":…}
 *   ?src=NAME  application/x-www-form-urlencoded   data=BASE64 → BASE64
 *   ?src=NAME  anything else                       SDP → SDP
 *   ?dst=NAME                                      WHIP: 201, application/sdp (RFC 9725)
 *
 * WHEP and WHIP name their session in `Location`; DELETE of it ends the session.
 */
import { StreamError } from '../../core/errors.ts';
import type { Stream } from '../../core/stream.ts';
import type { Role, SessionOptions } from './hosted-session.ts';
import type { WebrtcServer } from './server.ts';
import type { PeerRights } from './session.ts';

export interface WebrtcPost extends PeerRights {
  readonly stream: Stream;
  /** The stream is that of `dst`: the peer publishes. */
  readonly publishes: boolean;
  readonly contentType: string | undefined;
  readonly body: string;
  readonly client: Pick<SessionOptions, 'remoteAddress' | 'userAgent' | 'signal'>;
}

export interface WebrtcReply {
  readonly status: 200 | 201;
  readonly contentType: string;
  readonly body: string;
  /** Of the session, relative to the request's path. */
  readonly location?: string;
}

const SDP_TYPE = 'application/sdp';
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Answers a POST. Rejects with StreamError. */
export async function postWebrtc(server: WebrtcServer, post: WebrtcPost): Promise<WebrtcReply> {
  const { stream, publishes, viewsOnly, mayTalk, until, contentType = '', body, client } = post;
  const watches = viewsOnly ? 'view' : 'auto';
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  const answer = async (offer: string, name: string, role: Role) =>
    await server.answer(stream, offer, role, {
      format: `webrtc/${name}`,
      protocol: 'http',
      mayTalk,
      until,
      ...client,
    });
  if (publishes || type === SDP_TYPE) {
    const session = await answer(body, publishes ? 'whip' : 'whep', publishes ? 'publish' : watches);
    return { status: 201, contentType: SDP_TYPE, body: session.sdp, location: `webrtc?id=${session.id}` };
  }
  if (type === JSON_TYPE) {
    const { sdp } = await answer(offerOfJson(body), 'json', watches);
    return { status: 200, contentType: JSON_TYPE, body: `${JSON.stringify({ type: 'answer', sdp })}\n` };
  }
  if (type === FORM_TYPE) {
    const data = new URLSearchParams(body).get('data') ?? '';
    // A plus sign that was not escaped comes out as a space.
    const offer = Buffer.from(data.replaceAll(' ', '+'), 'base64').toString();
    const { sdp } = await answer(offer, 'post', watches);
    return { status: 200, contentType, body: Buffer.from(sdp).toString('base64') };
  }
  const { sdp } = await answer(body, 'post', watches);
  return { status: 200, contentType: contentType || 'text/plain; charset=utf-8', body: sdp };
}

/** Ends the session of this id; false if there is none. */
export function deleteWebrtc(server: WebrtcServer, id: string): boolean {
  const session = server.sessions.get(id);
  session?.close();
  return session !== undefined;
}

function offerOfJson(body: string): string {
  try {
    const { sdp } = JSON.parse(body) as { sdp?: unknown };
    if (typeof sdp === 'string') return sdp;
  } catch {
    // Said below.
  }
  throw new StreamError('invalid', 'the body is no offer: {"type":"offer","sdp":…} is expected');
}
