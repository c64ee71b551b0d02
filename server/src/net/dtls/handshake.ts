/** What the two sides of a handshake have in common. */
import { createECDH, type ECDH, type KeyObject } from 'node:crypto';
import { StreamError } from '../../core/errors.ts';
import { type DtlsCertificate, type Fingerprint, matchesFingerprint } from './certificate.ts';
import type { FlightLayer } from './flight.ts';
import type { Randoms } from './keys.ts';

export interface Handshake {
  /** Sends the first flight, if it is ours. */
  start(): void;
  /** A message of the peer, in order. Fails with StreamError when it is not the one expected, or not authentic. */
  onMessage(type: number, body: Buffer): void;
  /** The message stands in the transcript now. */
  onDelivered?(type: number): void;
}

export interface HandshakeContext {
  readonly flight: FlightLayer;
  readonly certificate: DtlsCertificate;
  /** The peer's certificate must match one of these. */
  readonly fingerprints: readonly Fingerprint[];
  /** In order of preference. */
  readonly srtpProfiles: readonly number[];
  /** The keys are there: epoch 1 can be sent and received. */
  install(master: KeyObject, randoms: Randoms): void;
  /** The peer is who it should be, and has the same keys. */
  established(srtpProfile: number): void;
}

export const failed = (what: string): StreamError => new StreamError('protocol', `DTLS: ${what}`);

/** The certificate, if it is the one that the signalling announced. */
export function trusted(certificate: Buffer, { fingerprints }: HandshakeContext): Buffer {
  if (!matchesFingerprint(certificate, fingerprints))
    throw new StreamError('unauthorized', 'DTLS: the certificate of the peer is not the one announced');
  return certificate;
}

/** An ephemeral key on P-256. */
export function ephemeralKey(): ECDH {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return ecdh;
}

/** The shared secret with the peer's point. Fails with StreamError for a point that is not on the curve. */
export function sharedSecret(ecdh: ECDH, publicKey: Buffer): Buffer {
  try {
    return ecdh.computeSecret(publicKey);
  } catch (error) {
    throw new StreamError('protocol', 'DTLS: the peer sent a key that is not on the curve', error);
  }
}
