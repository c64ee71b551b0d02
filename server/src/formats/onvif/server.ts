/**
 * The ONVIF server: a SOAP request in, an answer out. HTTP is the API's (api/routes/onvif.ts).
 *
 *   POST /onvif/front%20door/media_service
 *   <s:Envelope …><s:Header>UsernameToken</s:Header><s:Body><trt:GetStreamUri>…</trt:GetStreamUri></s:Body></s:Envelope>
 *
 * The operation is found by the body's element, whatever the path's last part says: some clients send everything to
 * device_service.
 */
import { toStreamError } from '../../core/errors.ts';
import type { OnvifAccess } from './access.ts';
import { deviceOfPath } from './device.ts';
import { DEVICE_OPERATIONS, PRE_AUTH } from './device-operations.ts';
import { MEDIA_OPERATIONS } from './media-operations.ts';
import { MEDIA2_OPERATIONS } from './media2-operations.ts';
import { learnTracks, OnvifFault, type Operation, type OperationContext } from './operation.ts';
import {
  CONTENT_TYPE,
  type Envelope,
  type Fault,
  NAMESPACES,
  readEnvelope,
  type SoapVersion,
  writeEnvelope,
  writeFault,
} from './soap.ts';
import type { Markup, XmlElement } from './xml.ts';

export interface OnvifRequest extends Omit<OperationContext, 'device'> {
  /** Decoded, behind `/onvif/`: `device_service`, `front door/media_service`. */
  readonly path: string;
  readonly message: string;
  /** What the client has yet to satisfy; undefined: it may ask for everything. */
  readonly access: OnvifAccess | undefined;
  readonly authorization: string | undefined;
  /** The path and query of the HTTP request as sent. */
  readonly target: string;
}

export interface OnvifAnswer {
  readonly status: number;
  readonly contentType: string;
  /** WWW-Authenticate values. */
  readonly challenges: readonly string[];
  readonly body: string;
}

type ServicePrefix = 'tds' | 'trt' | 'tr2';

const OPERATIONS: Readonly<Record<ServicePrefix, ReadonlyMap<string, Operation>>> = {
  tds: DEVICE_OPERATIONS,
  trt: MEDIA_OPERATIONS,
  tr2: MEDIA2_OPERATIONS,
};
/** Operations of media services whose answers depend on the stream's codecs. */
const TELLS_CODECS = /^Get(?:Profile|Video|Audio|Compatible)/;
const LEARN_TIMEOUT_MS = 2500;
const PREFIXES = Object.keys(OPERATIONS) as ServicePrefix[];

/** Answers a request; never throws for what the client sent. */
export async function answerOnvif(request: OnvifRequest): Promise<OnvifAnswer> {
  const envelope = tryRead(request.message);
  const { version = '1.2', content, problem } = envelope;
  const found = content && findOperation(content);
  const isOpen = content !== undefined && isPreAuth(found?.prefix, content.name);
  const denied = !isOpen && request.access && deny(request.access, request, { ...envelope, version });
  if (denied) return denied;
  if (!content) {
    const reason = ['malformed request body', problem].filter(Boolean).join(': ');
    return refusal(version, { codes: ['Sender', 'WellFormed'], reason });
  }
  if (!found) {
    const reason = `unsupported operation: ${content.name.slice(0, 100)}`;
    return refusal(version, { codes: ['Sender', 'UnknownAction'], reason });
  }
  return run(found, content, request, { version, isOpen });
}

/** Nothing at all is a request too: clients of HTTP Digest ask for a challenge so. */
function tryRead(message: string): Partial<Envelope> & { readonly problem?: string } {
  try {
    return message === '' ? {} : readEnvelope(message);
  } catch (error) {
    return { problem: toStreamError(error).message };
  }
}

function isPreAuth(prefix: ServicePrefix | undefined, name: string): boolean {
  return prefix !== undefined && (prefix === 'tds' ? PRE_AUTH.has(name) : name === 'GetServiceCapabilities');
}

async function run(
  { prefix, operation }: { prefix: ServicePrefix; operation: Operation },
  content: XmlElement,
  request: OnvifRequest,
  { version, isOpen }: { version: SoapVersion; isOpen: boolean },
): Promise<OnvifAnswer> {
  const device = deviceOfPath(request.path);
  try {
    // What everybody may ask does not depend on the stream: nobody learns names by trying them.
    if (!isOpen && device.stream !== undefined) {
      const stream = request.streams.get(device.stream);
      if (!stream) throw new OnvifFault(['Sender', 'InvalidArgVal'], `stream not found: ${device.stream}`);
      if (prefix !== 'tds' && TELLS_CODECS.test(content.name)) await learnTracks(stream, LEARN_TIMEOUT_MS);
    }
    const inner = operation({ ...request, device }, content)?.markup ?? '';
    const name = `${prefix}:${content.name}Response`;
    return answer(200, version, { markup: `<${name}>${inner}</${name}>` });
  } catch (error) {
    if (error instanceof OnvifFault) return refusal(version, error);
    throw error;
  }
}

/** By namespace; where there is none, by name alone. */
function findOperation({
  name,
  namespace,
}: XmlElement): { prefix: ServicePrefix; operation: Operation } | undefined {
  const named = PREFIXES.filter((prefix) => NAMESPACES[prefix] === namespace);
  for (const prefix of namespace === '' ? PREFIXES : named) {
    const operation = OPERATIONS[prefix].get(name);
    if (operation) return { prefix, operation };
  }
  return undefined;
}

/**
 * The refusal of a client without the password; undefined if it has it. Who shows nothing is challenged by HTTP, who
 * shows a wrong token is told in SOAP (ONVIF Core §5.9.4).
 */
function deny(
  access: OnvifAccess,
  { authorization, target }: OnvifRequest,
  { header, version }: Pick<Envelope, 'version'> & Partial<Envelope>,
): OnvifAnswer | undefined {
  const verdict = access.check({ authorization, target, header });
  if (verdict === 'ok') return undefined;
  const fault = { codes: ['Sender', 'NotAuthorized'], reason: 'Sender not authorized' };
  if (verdict === 'wrong' && authorization === undefined) return refusal(version, fault);
  return {
    ...answer(401, version, writeFault(fault, version)),
    challenges: access.challenges(verdict === 'stale'),
  };
}

/** SOAP 1.2 part 2 §7.5.2.2: 400 where the sender is at fault, else 500. */
function refusal(version: SoapVersion, fault: Fault): OnvifAnswer {
  const status = version === '1.2' && fault.codes[0] === 'Sender' ? 400 : 500;
  return answer(status, version, writeFault(fault, version));
}

function answer(status: number, version: SoapVersion, body: Markup): OnvifAnswer {
  const text = writeEnvelope(body, { version });
  return { status, contentType: CONTENT_TYPE[version], challenges: [], body: text };
}
