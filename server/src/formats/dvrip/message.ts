/**
 * Messages of DVRIP (also NetSurveillance, Sofia, XMeye), by which these cameras find each other: UDP port 34569.
 *
 *    0  ff                1  version             2  reserved
 *    4  session u32       8  sequence u32       12  total, current packet
 *   14  message id u16   16  length u32         20  JSON, then 0a or 0a 00
 *
 *   → id 1530, no body, as a broadcast
 *   ← id 1531, {"NetWork.NetCommon": {"HostIP": "0x0A01A8C0", "HostName": "LocalHost", "TCPPort": 34567, "SN": "…"}, "Ret": 100}
 *
 * Source of truth: none that is public; observed by many, go2rtc's pkg/dvrip among them. All numbers little-endian.
 */
export const DVRIP_PORT = 34569;

const HEADER_BYTES = 20;
const SEARCH = 1530;
const MAXIMUM_BYTES = 16 << 10;

/** "Who is there?" */
export function writeSearch(): Buffer {
  const message = Buffer.alloc(HEADER_BYTES);
  message[0] = 0xff;
  message.writeUInt16LE(SEARCH, 14);
  return message;
}

export interface DvripDevice {
  readonly name: string;
  /** As it says; '' where it doesn't. It may have several. */
  readonly address: string;
  readonly serial: string;
}

/** The device of an answer; undefined for what is none. */
export function readDevice(bytes: Buffer): DvripDevice | undefined {
  if (bytes.length <= HEADER_BYTES || bytes.length > MAXIMUM_BYTES || bytes[0] !== 0xff) return undefined;
  const length = Math.min(bytes.readUInt32LE(16), bytes.length - HEADER_BYTES);
  const text = bytes.toString('utf8', HEADER_BYTES, HEADER_BYTES + length).replace(/[\n\0]+$/, '');
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  const common = (message as Record<string, unknown> | null)?.['NetWork.NetCommon'];
  if (typeof common !== 'object' || common === null) return undefined;
  const member = (name: string): string => {
    const value = (common as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : '';
  };
  return { name: member('HostName'), address: addressOf(member('HostIP')), serial: member('SN') };
}

/** `0x0A01A8C0` → `192.168.1.10` */
function addressOf(hex: string): string {
  if (!/^0x[0-9a-f]{8}$/i.test(hex)) return '';
  const bytes = Buffer.from(hex.slice(2), 'hex').reverse();
  return bytes.every((byte) => byte === 0) ? '' : bytes.join('.');
}
