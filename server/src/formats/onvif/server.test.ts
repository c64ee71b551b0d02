/** The virtual cameras: what they answer, and what they are for a stream whose tracks are known. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audioCodec, type Codec, videoCodec } from '../../codecs/codec.ts';
import { Streams } from '../../core/streams.ts';
import { FakeCamera, H264 } from '../../core/testing.ts';
import { mediaParametersOf } from './media-parameters.ts';
import { answerOnvif } from './server.ts';
import { NAMESPACES, readEnvelope, readFault, writeEnvelope } from './soap.ts';
import { find, findAll, type Markup, textAt, xml } from './xml.ts';

/** Streams whose names say what their cameras have. */
const CODECS: Readonly<Record<string, readonly Codec[]>> = {
  'front door': [H264, audioCodec('aac', 16000, 2)],
  'yard/<1>': [videoCodec('mjpeg', { width: 640, height: 480 })],
  garage: [videoCodec('hevc', { width: 3840, height: 2160 }), audioCodec('pcm_mulaw', 8000)],
};

async function openStreams(names = Object.keys(CODECS)): Promise<Streams> {
  const streams = new Streams(async (text) => new FakeCamera(...(CODECS[text] ?? [])), { lingerMs: 0 });
  for (const name of Object.keys(CODECS)) streams.set(name, [name]);
  for (const name of names) {
    const selection = await streams.require(name).select([{ kind: 'video', codecs: [] }]);
    selection.release();
  }
  return streams;
}

const opened = await openStreams();

async function ask(
  body: Markup,
  path = 'device_service',
  { text = writeEnvelope(body), streams = opened } = {},
) {
  const answer = await answerOnvif({
    ...{ streams, path, message: text, target: `/onvif/${path}`, discoverable: false },
    ...{ access: undefined, authorization: undefined },
    origin: 'http://192.0.2.1:1984',
    apiBase: 'http://192.0.2.1:1984/base',
    rtspBase: 'rtsp://192.0.2.1:8554',
  });
  const { content, version } = readEnvelope(answer.body);
  return { ...answer, version, content: content!, fault: readFault(content) };
}

describe('one device with all streams', () => {
  test('profiles with what the streams have', async () => {
    const profiles = findAll((await ask(xml`<trt:GetProfiles/>`, 'media_service')).content, 'Profiles');
    const described = profiles.map((profile) => [
      profile.attributes.get('token'),
      textAt(profile, 'VideoEncoderConfiguration', 'Encoding'),
      textAt(profile, 'VideoEncoderConfiguration', 'Resolution', 'Width'),
      textAt(profile, 'AudioEncoderConfiguration', 'Encoding'),
    ]);
    const { width } = mediaParametersOf(opened.require('front door')).video;
    assert.deepEqual(described, [
      ['front door', 'H264', String(width), 'AAC'],
      ['yard/<1>', 'JPEG', '640', ''],
      ['garage', 'H264', '3840', 'G711'],
    ]);
  });

  test('Media2 calls H.265 by its name', async () => {
    const request = xml`<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>`;
    const configurations = findAll((await ask(request)).content, 'Profiles').map((item) =>
      find(item, 'Configurations'),
    );
    assert.deepEqual(
      configurations.map((item) => [
        textAt(item, 'VideoEncoder', 'Encoding'),
        textAt(item, 'AudioEncoder', 'Encoding'),
      ]),
      [
        ['H264', 'MP4A-LATM'],
        ['JPEG', ''],
        ['H265', 'PCMU'],
      ],
    );
  });

  test('Media2 gives of a profile what is asked for', async () => {
    const request = xml`<tr2:GetProfiles><tr2:Token>garage</tr2:Token><tr2:Type>VideoSource</tr2:Type></tr2:GetProfiles>`;
    const [profile, ...others] = findAll((await ask(request)).content, 'Profiles');
    assert.equal(others.length, 0);
    assert.deepEqual(
      find(profile, 'Configurations')?.children.map(({ name }) => name),
      ['VideoSource'],
    );
    const bare = (await ask(xml`<tr2:GetProfiles/>`)).content;
    assert.equal(find(bare, 'Profiles', 'Configurations'), undefined);
  });

  const URIS: readonly [operation: string, expected: string][] = [
    ['GetStreamUri', 'rtsp://192.0.2.1:8554/yard/%3C1%3E'],
    ['GetSnapshotUri', 'http://192.0.2.1:1984/base/api/frame.jpeg?src=yard%2F%3C1%3E'],
  ];
  for (const [operation, expected] of URIS) {
    test(operation, async () => {
      const inner = (prefix: string): Markup => ({
        markup: `<${prefix}:${operation}><${prefix}:ProfileToken>yard/&lt;1&gt;</${prefix}:ProfileToken></${prefix}:${operation}>`,
      });
      assert.equal(textAt((await ask(inner('trt'))).content, 'MediaUri', 'Uri'), expected);
      assert.equal(textAt((await ask(inner('tr2'))).content, 'Uri'), expected);
    });
  }

  test('services at the address by which the client came', async () => {
    const services = findAll((await ask(xml`<tds:GetServices/>`)).content, 'Service');
    assert.deepEqual(
      services.map((service) => [textAt(service, 'Namespace'), textAt(service, 'XAddr')]),
      [
        [NAMESPACES.tds, 'http://192.0.2.1:1984/onvif/device_service'],
        [NAMESPACES.trt, 'http://192.0.2.1:1984/onvif/media_service'],
        [NAMESPACES.tr2, 'http://192.0.2.1:1984/onvif/media2_service'],
      ],
    );
  });

  test('no event service is claimed', async () => {
    const request = xml`<tds:GetCapabilities><tds:Category>Events</tds:Category></tds:GetCapabilities>`;
    assert.deepEqual((await ask(request)).fault?.codes.slice(1), ['ActionNotSupported', 'NoSuchService']);
    const all = (await ask(xml`<tds:GetCapabilities/>`)).content;
    assert.deepEqual(
      find(all, 'Capabilities')?.children.map(({ name }) => name),
      ['Device', 'Media'],
    );
  });
});

describe('a device per stream', () => {
  test('has its own identity and its one profile', async () => {
    const serial = async (path: string): Promise<string> =>
      textAt((await ask(xml`<tds:GetDeviceInformation/>`, path)).content, 'SerialNumber');
    const serials = await Promise.all(
      ['device_service', 'front door/device_service', 'garage/device_service'].map(serial),
    );
    assert.equal(new Set(serials).size, 3);
    const profiles = findAll(
      (await ask(xml`<trt:GetProfiles/>`, 'garage/media_service')).content,
      'Profiles',
    );
    assert.deepEqual(
      profiles.map(({ attributes }) => attributes.get('token')),
      ['garage'],
    );
  });

  test('does not give the streams of others', async () => {
    const request = xml`<trt:GetStreamUri><trt:ProfileToken>front door</trt:ProfileToken></trt:GetStreamUri>`;
    const { status, fault } = await ask(request, 'garage/media_service');
    assert.deepEqual([status, fault?.codes], [400, ['Sender', 'InvalidArgVal', 'NoProfile']]);
  });

  test('names its services below its own path, and itself in its scopes', async () => {
    const capabilities = (await ask(xml`<tds:GetCapabilities/>`, 'front door/device_service')).content;
    assert.equal(
      textAt(capabilities, 'Capabilities', 'Media', 'XAddr'),
      'http://192.0.2.1:1984/onvif/front%20door/media_service',
    );
    const scopes = findAll((await ask(xml`<tds:GetScopes/>`, 'front door/device_service')).content, 'Scopes');
    assert.ok(scopes.some((scope) => textAt(scope, 'ScopeItem').endsWith('/name/front%20door')));
  });

  test('of a stream that there is not', async () => {
    assert.match(
      (await ask(xml`<trt:GetProfiles/>`, 'nobody/media_service')).fault?.reason ?? '',
      /stream not found: nobody/,
    );
  });
});

describe('refusals', () => {
  test('the process does not end by SystemReboot', async () => {
    const { status, fault } = await ask(xml`<tds:SystemReboot/>`);
    assert.deepEqual([status, fault?.codes], [500, ['Receiver', 'ActionNotSupported']]);
  });

  const MALFORMED = [
    '',
    'hello',
    '{"a":1}',
    '<a/>',
    '<s:Envelope><s:Body/></s:Envelope>',
    '<!DOCTYPE x><Envelope/>',
  ];
  for (const text of MALFORMED) {
    test(`malformed: ${text || 'nothing'}`, async () => {
      const { status, fault, contentType } = await ask(xml``, undefined, { text });
      assert.deepEqual([status, fault?.codes], [400, ['Sender', 'WellFormed']]);
      assert.match(fault?.reason ?? '', /^malformed request body/);
      assert.equal(contentType, 'application/soap+xml; charset=utf-8');
    });
  }

  const UNKNOWN: readonly [title: string, body: Markup][] = [
    ['an operation that there is not', xml`<tds:GetNothing/>`],
    ['an operation of another service', xml`<trt:GetScopes/>`],
    [
      'an operation of a service that there is not',
      xml`<e:GetScopes xmlns:e="http://www.onvif.org/ver10/events/wsdl"/>`,
    ],
    ['a name of JavaScript', xml`<tds:constructor/>`],
  ];
  for (const [title, body] of UNKNOWN) {
    test(title, async () => {
      const { status, fault } = await ask(body);
      assert.deepEqual([status, fault?.codes], [400, ['Sender', 'UnknownAction']]);
      assert.match(fault?.reason ?? '', /^unsupported operation: \w+/);
    });
  }

  test('multicast', async () => {
    const request = xml`<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Multicast</tt:Stream></trt:StreamSetup><trt:ProfileToken>garage</trt:ProfileToken></trt:GetStreamUri>`;
    assert.equal((await ask(request)).fault?.codes.at(-1), 'InvalidStreamSetup');
  });
});

test('SOAP 1.1 is answered in SOAP 1.1', async () => {
  const text = writeEnvelope(xml`<tds:GetHostname/>`, { version: '1.1' });
  const { status, version, contentType } = await ask(xml``, undefined, { text });
  assert.deepEqual([status, version, contentType], [200, '1.1', 'text/xml; charset=utf-8']);
});

test('a stream that was never opened is opened for the recorder that asks for its device', async () => {
  const unopened = await openStreams([]);
  const encodings = async (path: string): Promise<string[]> => {
    const request = xml`<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>`;
    const { content } = await ask(request, path, { streams: unopened });
    return findAll(content, 'Profiles').map((item) =>
      textAt(item, 'Configurations', 'VideoEncoder', 'Encoding'),
    );
  };
  assert.deepEqual(await encodings('media2_service'), ['H264', 'H264', 'H264']);
  assert.deepEqual(await encodings('garage/media2_service'), ['H265']);
  assert.deepEqual(await encodings('media2_service'), ['H264', 'H264', 'H265']);
});

describe('mediaParametersOf', () => {
  test('a stream that was never opened is H.264 in full HD', async () => {
    const unopened = await openStreams([]);
    const { video, audio } = mediaParametersOf(unopened.require('garage'));
    assert.deepEqual(video, { encoding: 'H264', width: 1920, height: 1080, fps: 30, profile: 'Main' });
    assert.equal(audio, undefined);
  });

  test('what is known stays known when the camera is let go', async () => {
    assert.equal(mediaParametersOf(opened.require('garage')).video.encoding, 'H265');
  });
});
