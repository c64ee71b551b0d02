/**
 * UDP segmentation offload of Linux (`UDP_SEGMENT`, kernel 4.18): one system call sends a whole frame, which the kernel or
 * the network card cuts into datagrams of one length. It more than halves the price of sending media.
 *
 *   │ 1210 │ 1210 │ 1210 │ 700 │  one `send`  ─▶  four datagrams
 *
 * Node has no such option for a socket, so it is set with `setsockopt` by node:ffi, which Node has since 26.1. Where
 * anything of this is missing, datagrams are sent one by one.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';

/** Datagrams of one `send`: a limit of kernels before 6.9 is 64, and the whole must be below 64 KiB. */
export const MAX_SEGMENTS = 52;

const SOL_UDP = 17;
const UDP_SEGMENT = 103;

export interface UdpSegmentation {
  /** What is longer than this is cut into datagrams of this length, the last one shorter; 0: nothing is cut. */
  set(segmentBytes: number): void;
  close(): void;
}

/** The option of the UDP socket bound to this port; undefined where there is no such thing. */
export function openSegmentation(family: 4 | 6, port: number): UdpSegmentation | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const descriptor = descriptorOf(family, port);
    const ffi = process.getBuiltinModule('node:ffi') as typeof import('node:ffi') | undefined;
    if (descriptor === undefined || !ffi) return undefined;
    const { lib, functions } = ffi.dlopen(null, {
      setsockopt: { arguments: ['i32', 'i32', 'i32', 'buffer', 'u32'], return: 'i32' },
    });
    const value = Buffer.alloc(4);
    const set = (segmentBytes: number): boolean => {
      if (endianness() === 'LE') value.writeInt32LE(segmentBytes);
      else value.writeInt32BE(segmentBytes);
      return functions.setsockopt(descriptor, SOL_UDP, UDP_SEGMENT, value, value.length) === 0;
    };
    if (set(0)) return { set, close: () => lib.close() };
    lib.close();
  } catch {
    // Another system, an older Node.
  }
  return undefined;
}

/** Number of our descriptor of the UDP socket bound to a port: by the inode that the kernel lists for the port. */
function descriptorOf(family: 4 | 6, port: number): number | undefined {
  const table = readFileSync(family === 4 ? '/proc/self/net/udp' : '/proc/self/net/udp6', 'latin1');
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set(
    table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local]) => local?.endsWith(suffix))
      .map((columns) => `socket:[${columns[9]}]`),
  );
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (inodes.has(readlinkSync(`/proc/self/fd/${name}`))) return Number(name);
    } catch {
      // Closed in the meantime.
    }
  }
  return undefined;
}
