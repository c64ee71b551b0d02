/**
 * What a client may do: one rule for all routes, HTTP and WebSocket. A route says in its `config` who may use it; one that
 * says nothing is for administrators, so a forgotten flag locks out rather than lets in.
 *
 *   admin    this machine, a password, an administrator of Home Assistant: everything (`admin` routes: `trusted` too)
 *   viewer   anybody else in Home Assistant: routes `openTo` viewers and tokens
 *   token    routes `openTo` tokens, where the stream they name is the token's camera
 */
import type { Client } from './access.ts';
import { HttpError } from './errors.ts';

/** Who may use a route. */
export interface RouteAccess {
  /** Refused when `api.read_only`, and to viewers. */
  readonly changes?: boolean;
  /** For trusted clients only (access.ts). */
  readonly admin?: boolean;
  /** Besides administrators: viewers; viewers and tokens of the camera that is asked for; or who asks, without credentials. */
  readonly openTo?: 'viewer' | 'token' | 'anyone';
  /** Asks for the password in a way of its own: its handler looks at `client.lacksPassword`. */
  readonly asksItself?: boolean;
}

/** What is asked of a route. */
export interface Asked {
  /** The streams that the request names (`src`, or a part of the path). */
  readonly streams: readonly string[];
  /** It names a stream to push into. */
  readonly pushes: boolean;
}

/** Throws HttpError 403 if the client may not use the route. `opens`: whether the client's token opens this stream. */
export function authorize(
  client: Client,
  route: RouteAccess,
  { streams, pushes }: Asked,
  { readOnly, opens }: { readOnly: boolean; opens: (stream: string) => boolean },
): void {
  const { changes, admin, openTo, asksItself } = route;
  if (changes && readOnly) throw new HttpError(403, 'read-only');
  if (openTo === 'anyone' || (asksItself && client.lacksPassword)) return;
  if (client.role === 'admin') {
    if (!admin || client.trusted) return;
    throw new HttpError(403, 'only this machine may do this, or a client with a password: set api.username');
  }
  if (client.role === 'viewer') {
    if (openTo === undefined || changes || pushes)
      throw new HttpError(403, 'this is for administrators: you may watch, hear, talk and move');
    return;
  }
  if (openTo !== 'token' || changes || pushes) throw new HttpError(403, 'a token opens media, nothing else');
  if (streams.length !== 1 || !opens(streams[0]!))
    throw new HttpError(403, 'the token is for another stream');
}
