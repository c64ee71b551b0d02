/** Discovery messages: what one side writes the other reads. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deviceOf, deviceOfPath, scopesOf } from './device.ts';
import { readEnvelope } from './soap.ts';
import {
  createSequence,
  readMatches,
  readQuestion,
  scopeMatches,
  writeBye,
  writeHello,
  writeMatch,
  writeProbe,
} from './ws-discovery.ts';
import { textAt } from './xml.ts';

const DEVICE = deviceOf('front <door>');
const ENDPOINT = {
  uuid: DEVICE.uuid,
  scopes: scopesOf(DEVICE),
  addresses: ['http://192.0.2.1:1984/onvif/x/device_service', 'http://[fd00::1]/onvif/x/device_service'],
};

test('a probe for all, and one for cameras', () => {
  const [all, cameras] = [readQuestion(writeProbe()), readQuestion(writeProbe('dn:NetworkVideoTransmitter'))];
  assert.ok(all?.kind === 'Probe' && cameras?.kind === 'Probe');
  assert.deepEqual(all.types, []);
  assert.deepEqual(cameras.types, ['{http://www.onvif.org/ver10/network/wsdl}NetworkVideoTransmitter']);
  assert.deepEqual([all.scopes, all.rule], [[], 'rfc3986']);
  assert.notEqual(all.id, cameras.id);
});

test('a probe as Windows and other clients write it', () => {
  const question = readQuestion(
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof"><soap:Header><wsa:MessageID>urn:uuid:1</wsa:MessageID></soap:Header><soap:Body><wsd:Probe><wsd:Types>wsdp:Device</wsd:Types><wsd:Scopes MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0">a b</wsd:Scopes></wsd:Probe></soap:Body></soap:Envelope>',
  );
  assert.deepEqual(question, {
    kind: 'Probe',
    id: 'urn:uuid:1',
    types: ['{http://schemas.xmlsoap.org/ws/2006/02/devprof}Device'],
    scopes: ['a', 'b'],
    rule: 'strcmp0',
  });
});

test('an answer', () => {
  const text = writeMatch('Probe', ENDPOINT, 'urn:uuid:7', createSequence(5));
  const { header } = readEnvelope(text);
  assert.equal(textAt(header, 'RelatesTo'), 'urn:uuid:7');
  assert.match(textAt(header, 'Action'), /\/ProbeMatches$/);
  const [match, ...others] = readMatches(text);
  assert.equal(others.length, 0);
  assert.deepEqual({ uuid: match?.uuid, scopes: match?.scopes, addresses: match?.addresses }, ENDPOINT);
  assert.equal(match?.types.length, 2);
});

test('messages of a device are numbered; what is no question is none', () => {
  const sequence = createSequence(5);
  const texts = [writeHello(ENDPOINT, sequence), writeBye(ENDPOINT.uuid, sequence)];
  for (const [index, text] of texts.entries()) {
    assert.match(text, new RegExp(`InstanceId="5" MessageNumber="${index + 1}"`));
    assert.equal(readQuestion(text), undefined);
    assert.throws(() => readMatches(text), { code: 'protocol' });
  }
  assert.throws(() => readQuestion('M-SEARCH * HTTP/1.1'), { code: 'protocol' });
});

describe('scopes', () => {
  const ours = 'onvif://www.onvif.org/type/Network_Video_Transmitter';
  const CASES: readonly [wanted: string, rule: string, matches: boolean][] = [
    [ours, 'rfc3986', true],
    ['onvif://www.onvif.org/type', 'rfc3986', true],
    ['ONVIF://WWW.onvif.org/type/', 'rfc3986', true],
    ['onvif://www.onvif.org/typ', 'rfc3986', false],
    ['onvif://www.onvif.org/Type', 'rfc3986', false],
    [`${ours}/more`, 'rfc3986', false],
    [ours, 'strcmp0', true],
    ['onvif://www.onvif.org/type', 'strcmp0', false],
    [ours, 'ldap', false],
  ];
  for (const [wanted, rule, expected] of CASES) {
    test(`${wanted} by ${rule}`, () => assert.equal(scopeMatches(ours, wanted, rule), expected));
  }
});

describe('devices', () => {
  test('have an identity that stays, and differs by stream and by machine', () => {
    assert.deepEqual(deviceOf('a', 'host'), deviceOf('a', 'host'));
    const all = [
      deviceOf('a', 'host'),
      deviceOf('b', 'host'),
      deviceOf('a', 'other'),
      deviceOf(undefined, 'host'),
    ];
    assert.equal(new Set(all.map(({ uuid }) => uuid)).size, 4);
    assert.equal(new Set(all.map(({ macAddress }) => macAddress)).size, 4);
    for (const { uuid, macAddress } of all) {
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.match(macAddress, /^02(?::[0-9a-f]{2}){5}$/);
    }
  });

  const PATHS: readonly [path: string, stream: string | undefined][] = [
    ['device_service', undefined],
    ['media_service', undefined],
    ['anything', undefined],
    ['front door/device_service', 'front door'],
    ['a/b/media2_service', 'a/b'],
    ['a/b', undefined],
  ];
  for (const [path, stream] of PATHS) {
    test(`/onvif/${path}`, () => assert.equal(deviceOfPath(path).stream, stream));
  }
});
