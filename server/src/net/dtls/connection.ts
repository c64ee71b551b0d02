/**
 * One DTLS connection for WebRTC: a handshake over any path for datagrams, then keys for SRTP and a way to say good-bye.
 *
 *   receive ─▶ records ─┬─ handshake ─▶ FlightLayer ─▶ client or server ─▶ established
 *                       └─ alert ─▶ closed
 */
import type { KeyObject } from 'node:crypto';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { DtlsCertificate, Fingerprint } from './certificate.ts';
import { createClientHandshake } from './client.ts';
import { FlightLayer } from './flight.ts';
import type { Handshake } from './handshake.ts';
import { cipherStates, exportKeys, type Randoms } from './keys.ts';
import { type CipherState, CONTENT_TYPE, type DtlsRecord, decryptRecord, parseRecords } from './record.ts';
import { createServerHandshake } from './server.ts';

export interface DtlsOptions {
  /** The client begins. */
  readonly role: 'client' | 'server';
  readonly certificate: DtlsCertificate;
  /** Of the peer's certificate, from its SDP. */
  readonly fingerprints: readonly Fingerprint[];
  /** Numbers of SRTP protection profiles, in order of preference. */
  readonly srtpProfiles: readonly number[];
  send(datagram: Buffer): void;
  /** The peer is authenticated; SRTP may begin. */
  onConnected(connection: DtlsConnection): void;
  /** Once: the peer closed (no reason), or the handshake failed. */
  onClosed(reason?: StreamError): void;
}

const HANDSHAKE_TIMEOUT_MS = 15_000;
const FATAL = 2;
const CLOSE_NOTIFY = 0;
const HANDSHAKE_FAILURE = 40;

export class DtlsConnection {
  readonly #options: DtlsOptions;
  readonly #flight: FlightLayer;
  readonly #handshake: Handshake;
  readonly #deadline: NodeJS.Timeout;
  #receiveCipher: CipherState | undefined;
  #master: KeyObject | undefined;
  #randoms: Randoms | undefined;
  #state: 'handshake' | 'connected' | 'closed' = 'handshake';
  /** The profile agreed on; 0 before. */
  srtpProfile = 0;

  constructor(options: DtlsOptions) {
    this.#options = options;
    this.#flight = new FlightLayer({
      send: (datagram) => options.send(datagram),
      onMessage: (type, body) => {
        if (this.#state === 'handshake') this.#handshake.onMessage(type, body);
      },
      onDelivered: (type) => {
        if (this.#state === 'handshake') this.#handshake.onDelivered?.(type);
      },
    });
    const create = options.role === 'client' ? createClientHandshake : createServerHandshake;
    this.#handshake = create({
      flight: this.#flight,
      certificate: options.certificate,
      fingerprints: options.fingerprints,
      srtpProfiles: options.srtpProfiles,
      install: (master, randoms) => this.#install(master, randoms),
      established: (srtpProfile) => this.#established(srtpProfile),
    });
    this.#deadline = setTimeout(
      () => this.#fail(new StreamError('timeout', 'DTLS: the handshake did not end in time')),
      HANDSHAKE_TIMEOUT_MS,
    );
  }

  /** To be called once datagrams can be sent. */
  start(): void {
    this.#handshake.start();
  }

  /** A datagram from the peer that is DTLS. */
  receive(datagram: Buffer): void {
    if (this.#state === 'closed') return;
    try {
      for (const record of parseRecords(datagram)) this.#onRecord(record);
    } catch (error) {
      this.#fail(toStreamError(error));
    }
  }

  /** Keys that only both ends know (RFC 5705). To be called when connected. */
  exportKeys(label: string, bytes: number): Buffer {
    if (!this.#master || !this.#randoms) throw new StreamError('internal', 'DTLS: not connected');
    return exportKeys(this.#master, this.#randoms, label, bytes);
  }

  /** Tells the peer and ends; `onClosed` is not called. */
  close(): void {
    if (this.#state === 'connected') this.#alert(1, CLOSE_NOTIFY);
    this.#end();
  }

  #install(master: KeyObject, randoms: Randoms): void {
    const states = cipherStates(master, randoms);
    const isClient = this.#options.role === 'client';
    this.#master = master;
    this.#randoms = randoms;
    this.#flight.cipher = isClient ? states.client : states.server;
    this.#receiveCipher = isClient ? states.server : states.client;
  }

  #established(srtpProfile: number): void {
    clearTimeout(this.#deadline);
    this.srtpProfile = srtpProfile;
    this.#state = 'connected';
    this.#options.onConnected(this);
  }

  #onRecord(record: DtlsRecord): void {
    if (this.#state === 'closed') return;
    const { type, epoch } = record;
    const plain = epoch === 0 ? record.fragment : this.#decrypt(record);
    if (!plain) return;
    // Anybody may forge plain records: once connected they only tell that the peer repeats what we answered.
    const isTrusted = epoch === 1 || this.#state === 'handshake';
    if (type === CONTENT_TYPE.handshake && isTrusted) this.#flight.receive(plain);
    else if (type === CONTENT_TYPE.handshake) this.#flight.repeat();
    else if (type === CONTENT_TYPE.alert && isTrusted) this.#onAlert(plain);
  }

  #decrypt(record: DtlsRecord): Buffer | undefined {
    if (record.epoch !== 1 || !this.#receiveCipher) return undefined;
    return decryptRecord(record, this.#receiveCipher);
  }

  #onAlert(alert: Buffer): void {
    const [level, description] = alert;
    if (description === CLOSE_NOTIFY) this.#fail(undefined);
    else if (level === FATAL)
      this.#fail(new StreamError('protocol', `DTLS: the peer refused (alert ${description})`));
  }

  #alert(level: number, description: number): void {
    this.#options.send(this.#flight.record(CONTENT_TYPE.alert, Buffer.from([level, description])));
  }

  #fail(reason: StreamError | undefined): void {
    if (this.#state === 'closed') return;
    if (reason && reason.code !== 'timeout') this.#alert(FATAL, HANDSHAKE_FAILURE);
    this.#end();
    this.#options.onClosed(reason);
  }

  #end(): void {
    this.#state = 'closed';
    clearTimeout(this.#deadline);
    this.#flight.settle();
  }
}
