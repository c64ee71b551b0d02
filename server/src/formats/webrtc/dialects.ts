/** The table of signalling dialects: `#format=` of a source, or what its address says. */
import { StreamError } from '../../core/errors.ts';
import type { SourceText } from '../source-text.ts';
import { exchangeCreality } from './dialects/creality.ts';
import type { Dialect } from './dialects/dialect.ts';
import { exchangeGo2rtc } from './dialects/go2rtc.ts';
import { exchangeKinesis, exchangeSwitchbot } from './dialects/kinesis.ts';
import { exchangeMilestone } from './dialects/milestone.ts';
import { exchangeOpenIpc } from './dialects/openipc.ts';
import { exchangeWhep } from './dialects/whep.ts';
import { exchangeWyze } from './dialects/wyze.ts';

const PICTURE = ['video', 'audio'] as const;

const DIALECTS: Readonly<Record<string, Dialect>> = {
  whep: { protocol: 'http', offers: true, wants: PICTURE, exchange: exchangeWhep },
  go2rtc: { protocol: 'ws', offers: true, wants: [...PICTURE, 'talk'], exchange: exchangeGo2rtc },
  kinesis: { protocol: 'ws', offers: true, wants: PICTURE, exchange: exchangeKinesis },
  switchbot: { protocol: 'ws', offers: true, wants: ['video'], exchange: exchangeSwitchbot },
  wyze: { protocol: 'ws', offers: true, wants: PICTURE, exchange: exchangeWyze },
  creality: { protocol: 'http', offers: true, wants: ['video'], exchange: exchangeCreality },
  openipc: { protocol: 'ws', offers: false, wants: [], exchange: exchangeOpenIpc },
  milestone: { protocol: 'http', offers: false, wants: [], exchange: exchangeMilestone },
};

export interface ChosenDialect extends Dialect {
  readonly name: string;
  /** As the API shows it; default `webrtc/NAME`. */
  readonly format?: string;
  /** Of the peer. */
  readonly url: string;
}

/** The dialect of `webrtc:URL#format=`. Throws StreamError `invalid_source`. */
export function dialectOf({ rest, options }: SourceText): ChosenDialect {
  const url = rest.trim();
  const scheme = /^(https?|httpx|wss?):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (!scheme) throw new StreamError('invalid_source', 'webrtc: an http:// or ws:// address is expected');
  const name = options.get('format') || (scheme.startsWith('ws') ? 'go2rtc' : 'whep');
  const dialect = Object.hasOwn(DIALECTS, name) ? DIALECTS[name] : undefined;
  if (!dialect) {
    const known = Object.keys(DIALECTS).join(', ');
    throw new StreamError('invalid_source', `webrtc: unknown format ${name}; known are ${known}`);
  }
  return { ...dialect, name, url };
}
