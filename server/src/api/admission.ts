/**
 * Who asks, and whether they may: the one gate of HTTP requests (app.ts) and WebSockets (ws/upgrade.ts).
 *
 *   through ingress → a user of Home Assistant, by its role
 *   with a token    → its camera; a token that is not valid (any more) is refused, whoever shows it
 *   else            → the rules of access.ts
 */
import type { IncomingMessage } from 'node:http';
import type { ConfigStore } from '../config/store.ts';
import type { Streams } from '../core/streams.ts';
import {
  admit,
  admitByToken,
  admitThroughIngress,
  type Client,
  type Credentials,
  stranger,
  tokenOf,
} from './access.ts';
import { HttpError } from './errors.ts';
import type { IngressRequests } from './ingress.ts';
import { authorize, type RouteAccess } from './roles.ts';
import { grantFor, type Tokens } from './tokens.ts';

export interface AdmissionSettings {
  readonly store: ConfigStore;
  readonly streams: Pick<Streams, 'get'>;
  readonly tokens: Tokens;
  readonly ingress: IngressRequests | undefined;
  readonly keys?: readonly Credentials[] | undefined;
  readonly requireCredentials?: boolean | undefined;
}

/** The client of a request for this route; rejects with HttpError 401 or 403. `named`: the stream that the path names. */
export type Admit = (
  request: IncomingMessage,
  route: RouteAccess,
  query: URLSearchParams,
  named?: string,
) => Promise<Client>;

export function createAdmission(settings: AdmissionSettings): Admit {
  const { store, streams, tokens, ingress, keys = [] } = settings;
  const requireCredentials = settings.requireCredentials ?? keys.length > 0;

  async function identify(
    request: IncomingMessage,
    route: RouteAccess,
    query: URLSearchParams,
  ): Promise<Client> {
    if (route.openTo === 'anyone') return stranger(request);
    const through = await ingress?.identify(request);
    if (through)
      return admitThroughIngress(request, through.user ?? { id: 'unknown', name: '' }, through.role);
    const token = tokenOf(request, query);
    if (token === undefined) return admit(request, { ...store.current.api, keys, requireCredentials }, route);
    const grant = tokens.find(token);
    if (!grant)
      throw new HttpError(401, 'the token is not valid, or not any more', { asksForPassword: false });
    return admitByToken(request, grant);
  }

  return async (request, route, query, named) => {
    const client = await identify(request, route, query);
    const { api } = store.current;
    authorize(
      client,
      route,
      { streams: named === undefined ? query.getAll('src') : [named], pushes: query.has('dst') },
      {
        readOnly: api.read_only,
        opens: (src) => grantFor(client.grant, streams.get(src), store.current) !== undefined,
      },
    );
    return client;
  };
}
