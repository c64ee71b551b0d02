import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSdp } from '../../rtp/sdp.ts';
import { sameOutgoing, selectMedias } from './selection.ts';

const BOTH = new Set(['video', 'audio']);
const media = (line: string, ...attributes: string[]): string =>
  [`m=${line}`, ...attributes.map((text) => `a=${text}`)].join('\r\n');
const VIDEO = media('video 0 RTP/AVP 96', 'rtpmap:96 H264/90000');
const AUDIO = media('audio 0 RTP/AVP 0');
const LOUDSPEAKER = media('audio 0 RTP/AVP 0 8 97', 'rtpmap:97 G726-32/8000', 'sendonly');

function select(medias: readonly string[], kinds: ReadonlySet<string> = BOTH) {
  const selection = selectMedias(parseSdp(`v=0\r\ns=-\r\n${medias.join('\r\n')}\r\n`), kinds);
  return {
    ...selection,
    taken: selection.incoming.map(({ id, format }) => `${id} ${format.encoding}`),
    spoken: selection.loudspeaker.map(({ codec }) => codec.name),
  };
}

test('one format of each media, and the codecs of the loudspeaker', () => {
  const { taken, spoken, unusable } = select([VIDEO, AUDIO, LOUDSPEAKER]);
  assert.deepEqual(taken, ['0 H264', '1 PCMU']);
  assert.deepEqual(spoken, ['pcm_mulaw', 'pcm_alaw']);
  assert.deepEqual(unusable, []);
});

test('kinds that are not wanted are left alone', () => {
  assert.deepEqual(select([VIDEO, AUDIO, LOUDSPEAKER], new Set(['video'])).taken, ['0 H264']);
  assert.deepEqual(select([VIDEO, AUDIO, LOUDSPEAKER], new Set(['video'])).spoken, []);
});

test('a camera that calls its video sendonly has all directions the wrong way round', () => {
  const { taken, spoken } = select([`${VIDEO}\r\na=sendonly`, LOUDSPEAKER]);
  assert.deepEqual(taken, ['0 H264', '1 PCMU']);
  assert.deepEqual(spoken, []);
});

test('the first format that we know is taken; a media without one is named', () => {
  const { taken, unusable } = select([
    media('video 0 RTP/AVP 97 96', 'rtpmap:97 H263/90000', 'rtpmap:96 H264/90000'),
    media('audio 0 RTP/AVP 99', 'rtpmap:99 G726-32/8000'),
    media('application 0 RTP/AVP 107', 'rtpmap:107 vnd.onvif.metadata/90000'),
    `${VIDEO}\r\na=inactive`,
  ]);
  assert.deepEqual(taken, ['0 H264']);
  assert.deepEqual(unusable, ['audio G726-32']);
});

test('the loudspeaker is found again in another description', () => {
  const [, wanted] = select([VIDEO, LOUDSPEAKER]).loudspeaker;
  const { loudspeaker } = select([LOUDSPEAKER.replace('0 8', '8 0')]);
  assert.equal(sameOutgoing(loudspeaker, wanted!.codec)?.format.payloadType, 8);
  assert.equal(sameOutgoing([], wanted!.codec), undefined);
});
