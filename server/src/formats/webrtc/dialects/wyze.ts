/**
 * Wyze's cameras by docker-wyze-bridge, which signs an address of Kinesis for us.
 *
 *   → GET /signaling/CAMERA?kvs
 *   ← {"result":"ok","ClientId":"…","signalingUrl":"wss://…","servers":[{"urls":"turn:…","username":…,"credential":…}]}
 */
import { StreamError } from '../../../core/errors.ts';
import { parseAddress } from '../../../net/url.ts';
import type { Call, Signaling } from './dialect.ts';
import { requestSignaling } from './http.ts';
import { iceServersOfJson } from './ice-server-links.ts';
import { parseObject, textOf } from './json.ts';
import { callKinesis } from './kinesis.ts';

export async function exchangeWyze(call: Call): Promise<Signaling> {
  const { body } = await requestSignaling(call, { method: 'GET', url: call.url });
  const { result, ClientId, signalingUrl, servers } = parseObject(body) ?? {};
  if (result !== 'ok')
    throw new StreamError('protocol', `wyze bridge: result is ${textOf(result) ?? 'missing'}, not ok`);
  const url = textOf(signalingUrl) ?? '';
  if (!/^wss?:\/\//i.test(url)) throw new StreamError('protocol', 'wyze bridge: no signalingUrl');
  parseAddress(url);
  return callKinesis(
    { ...call, url },
    { clientId: textOf(ClientId) ?? '', iceServers: iceServersOfJson(servers) },
  );
}
