/**
 * Multicast DNS (RFC 6762) on one network interface, by bonjour-service: for announcing services and for finding them.
 *
 * By itself it sends by one interface only, and an error of its socket would end the process. So there is one of it for each
 * interface, bound so that it hears what is sent to the group, and its errors are told to the caller.
 */
import type { EventEmitter } from 'node:events';
import { Bonjour } from 'bonjour-service';

export type { Service } from 'bonjour-service';

/** Opens it; an interface that cannot do multicast tells of it by `onError`, perhaps several times, and nothing more happens. */
export function openMdns(address: string, onError: (error: Error) => void): Bonjour {
  const options = { interface: address, bind: '0.0.0.0' };
  // Types of the package leave out the options that it hands to its socket, and the socket.
  const mdns = new Bonjour(options as object, onError);
  const { server } = mdns as unknown as { readonly server: { readonly mdns: EventEmitter } };
  server.mdns.on('error', onError).on('warning', onError);
  return mdns;
}
