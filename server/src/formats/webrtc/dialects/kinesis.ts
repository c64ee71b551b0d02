/**
 * Amazon Kinesis Video Streams, with an address that was signed elsewhere; SwitchBot's cameras and Wyze's speak it too.
 *
 *   → {"action":"SDP_OFFER","recipientClientId":"ID","messagePayload":base64({"type":"offer","sdp":…})}
 *   ← {"messageType":"SDP_ANSWER","messagePayload":base64({"type":"answer","sdp":…})}
 *   ↔ ICE_CANDIDATE, its payload an RTCIceCandidateInit
 *
 * Candidates of ours come behind the offer. The socket is closed once media flows: its time is paid for.
 */
import { StreamError } from '../../../core/errors.ts';
import type { IceServer } from '../../../net/ice-servers.ts';
import type { Call, Signaling } from './dialect.ts';
import { iceServersOfOption } from './ice-server-links.ts';
import { decodeObject, encodeObject, textOf } from './json.ts';
import { openJsonSocket } from './json-socket.ts';

export interface KinesisSettings {
  readonly clientId: string;
  readonly iceServers: readonly IceServer[];
  /** More of the offer's payload. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

export function exchangeKinesis(call: Call): Promise<Signaling> {
  const { options } = call;
  const clientId = options.get('client_id') ?? '';
  return callKinesis(call, { clientId, iceServers: iceServersOfOption(options.get('ice_servers')) ?? [] });
}

const RESOLUTIONS: Readonly<Record<string, number>> = { hd: 0, sd: 1, auto: 2 };

/** SwitchBot: the offer says which picture is wanted, `#resolution=hd|sd|auto#play_type=0`. */
export function exchangeSwitchbot(call: Call): Promise<Signaling> {
  const { options } = call;
  const resolution = RESOLUTIONS[options.get('resolution') ?? 'hd'];
  if (resolution === undefined) throw new StreamError('invalid_source', 'resolution is hd, sd or auto');
  const playType = Number(options.get('play_type') ?? 0);
  return callKinesis(call, {
    clientId: options.get('client_id') ?? '',
    iceServers: iceServersOfOption(options.get('ice_servers')) ?? [],
    payload: { resolution, play_type: Number.isInteger(playType) ? playType : 0 },
  });
}

/** Exchanges descriptions with settings from wherever they are known. */
export async function callKinesis(call: Call, settings: KinesisSettings): Promise<Signaling> {
  const { client } = call;
  const { clientId, iceServers, payload } = settings;
  const answered = Promise.withResolvers<string>();
  const socket = await openJsonSocket(call, ({ messageType, messagePayload }) => {
    const { sdp, candidate } = decodeObject(messagePayload) ?? {};
    if (messageType === 'SDP_ANSWER' && textOf(sdp)) answered.resolve(String(sdp));
    else if (messageType === 'ICE_CANDIDATE') client.addCandidate(textOf(candidate) ?? '');
  });
  const send = (action: string, message: Readonly<Record<string, unknown>>): void =>
    socket.send({ action, recipientClientId: clientId, messagePayload: encodeObject(message) });
  const { promise: offered, resolve } = Promise.withResolvers<void>();
  client.onCandidate = (candidate) =>
    void offered.then(() => send('ICE_CANDIDATE', { candidate, sdpMid: '0', sdpMLineIndex: 0 }));
  const sdp = await client.offer(iceServers);
  send('SDP_OFFER', { type: 'offer', sdp, ...payload });
  resolve();
  client.accept(await socket.expect('answer', answered.promise));
  return { connected: () => socket.close() };
}
