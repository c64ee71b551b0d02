/**
 * What two descriptions agree on, seen from us as a client: the formats that the peer may send, and those that it takes.
 *
 *   our offer, its answer    formats by payload type; a peer that numbers anew is followed by encoding
 *   its offer                everything of it that we can use
 */
import { StreamError } from '../../core/errors.ts';
import type { AnsweredMedia } from './answer.ts';
import type { Description, RemoteFormat, RemoteMedia } from './description.ts';
import { usableCodec } from './negotiation.ts';
import type { OfferedMedia } from './offer.ts';
import { createSource } from './outgoing-media.ts';
import type { ReceivedMedia } from './received-track.ts';

/** A section in which we send. */
export interface AgreedOutgoing {
  readonly kind: 'video' | 'audio';
  /** In the peer's order of preference. */
  readonly formats: readonly RemoteFormat[];
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
}

export interface Agreement {
  readonly receives: readonly ReceivedMedia[];
  readonly sends: readonly AgreedOutgoing[];
}

/** What the answer makes of our offer. Throws StreamError `no_match` when nothing is left. */
export function agreementOf(offered: readonly OfferedMedia[], answer: Description): Agreement {
  const pairs = offered.flatMap((ours, index) => {
    const theirs = answer.medias.find(({ mid }) => mid === String(index)) ?? answer.medias[index];
    if (!theirs || theirs.rejected || theirs.kind !== ours.kind) return [];
    const formats = theirs.formats.flatMap((format) => formatOf(format, ours.formats) ?? []);
    return formats.length > 0 ? [{ ours, theirs, formats }] : [];
  });
  const receives = pairs
    .filter(({ ours, theirs }) => ours.receives && theirs.sends)
    .map(({ ours: { kind }, formats }) => ({ kind, formats }));
  const sends = pairs
    .filter(({ ours, theirs }) => ours.sends && theirs.receives && ours.ssrc !== undefined)
    .map(({ ours: { kind, ssrc, rtxSsrc }, formats }) => ({ kind, formats, ssrc: ssrc!, rtxSsrc }));
  if (receives.length + sends.length === 0) throw nothing('answer', answer);
  return { receives, sends };
}

/** A format of the answer, with what we said of it: answers leave out what they do not change. */
function formatOf(theirs: RemoteFormat, ours: readonly RemoteFormat[]): RemoteFormat | undefined {
  const same = ours.filter(({ encoding }) => encoding === theirs.encoding);
  const offered = same.find(({ payloadType }) => payloadType === theirs.payloadType) ?? same[0];
  if (!offered) return undefined;
  return { ...theirs, parameters: new Map([...offered.parameters, ...theirs.parameters]) };
}

/** What we take of an offer, and say in the answer. Throws StreamError `no_match` when there is nothing. */
export function answerTo(offer: Description): { agreement: Agreement; medias: readonly AnsweredMedia[] } {
  const medias = offer.medias.flatMap((media): AnsweredMedia[] => {
    if (media.rejected || (media.kind !== 'video' && media.kind !== 'audio')) return [];
    const formats = media.formats.filter((format) => usableCodec(format)?.kind === media.kind);
    const sends = media.receives && media.kind === 'audio';
    if (formats.length === 0 || !(sends || media.sends)) return [];
    const { ssrc } = createSource(false);
    return [{ media, formats, sends, receives: media.sends, ...(sends ? { ssrc } : {}) }];
  });
  if (medias.length === 0) throw nothing('offer', offer);
  const receives = medias.filter((media) => media.receives).map(withKind);
  const sends = medias
    .filter((media) => media.ssrc !== undefined)
    .map((media) => ({ ...withKind(media), ssrc: media.ssrc!, rtxSsrc: undefined }));
  return { agreement: { receives, sends }, medias };
}

const withKind = ({ media, formats }: AnsweredMedia): ReceivedMedia => ({
  kind: media.kind as 'video' | 'audio',
  formats,
});

function nothing(what: 'offer' | 'answer', { medias }: Description): StreamError {
  const text = (media: RemoteMedia): string =>
    media.rejected ? `${media.kind} refused` : media.formats.map(({ encoding }) => encoding).join(', ');
  const has = medias.map(text).filter(Boolean).join('; ') || 'no media';
  return new StreamError('no_match', `webrtc: nothing in the peer's ${what} can be taken: ${has}`);
}
