/** XML in and out: what is read, what is escaped, and what is refused before it costs anything. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readEnvelope, readFault, writeEnvelope, writeFault } from './soap.ts';
import { find, findAll, namesIn, parseXml, textAt, xml } from './xml.ts';

describe('parseXml', () => {
  test('resolves prefixes, also where they change', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- x --><a:A xmlns:a="urn:1" xmlns="urn:d"><B xmlns:a="urn:2"><a:C token="t&amp;u" a:n="1"/></B></a:A>',
    );
    assert.deepEqual([root.name, root.namespace], ['A', 'urn:1']);
    const c = find(root, 'B', 'C');
    assert.equal(find(root, 'B')?.namespace, 'urn:d');
    assert.equal(c?.namespace, 'urn:2');
    assert.deepEqual(
      [...(c?.attributes ?? [])],
      [
        ['token', 't&u'],
        ['n', '1'],
      ],
    );
  });

  test('takes text, CDATA and character numbers', () => {
    const root = parseXml('<a> x &lt;&#65;&#x42;&unknown;&#0; <![CDATA[<y>&amp;]]></a>');
    assert.equal(root.text, 'x <AB&unknown;&#0;<y>&');
    assert.equal(parseXml('<a>007</a>').text, '007');
  });

  test('finds repeated elements and names in texts', () => {
    const root = parseXml('<r xmlns:dn="urn:n"><t>dn:X tds:Y Z</t><t/></r>');
    assert.equal(findAll(root, 't').length, 2);
    assert.equal(textAt(root, 'nothing', 'here'), '');
    assert.deepEqual(namesIn(find(root, 't')!), ['{urn:n}X', '{}Y', '{}Z']);
  });

  const bomb = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><b>&b;</b>';
  const REFUSED: readonly [title: string, text: string][] = [
    ['nothing', ''],
    ['text', 'hello'],
    ['an entity bomb', bomb],
    ['a file of ours', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'],
    ['a thousand levels', '<a>'.repeat(1000) + '</a>'.repeat(1000)],
    ['too many elements', `<a>${'<b/>'.repeat(30_000)}</a>`],
    ['too many namespaces', `<a ${Array.from({ length: 1000 }, (_, i) => `xmlns:n${i}="u"`).join(' ')}/>`],
    ['too many bytes', `<a>${' '.repeat(2 << 20)}</a>`],
    ['an end without a start', '</a>'],
    ['a cut tag', '<a><b'],
    ['a cut comment', '<a><!-- '],
  ];
  for (const [title, text] of REFUSED) {
    test(`refuses ${title}`, () => {
      const startedAt = performance.now();
      assert.throws(() => parseXml(text), { code: 'protocol' });
      assert.ok(performance.now() - startedAt < 500);
    });
  }

  test('names that mean something to JavaScript change nothing', () => {
    assert.throws(() => parseXml('<a><__proto__ x="1"/></a>'), { code: 'protocol' });
    assert.equal(parseXml('<a><toString>y</toString></a>').children.length, 1);
    assert.equal(({} as Record<string, unknown>).x, undefined);
  });
});

test('xml escapes what is put in, and takes markup as it is', () => {
  const evil = `"><x y='1'>&\u0000\ud800`;
  const { markup } = xml`<a b="${evil}">${evil}${xml`<c>${1}</c>`}${[xml`<d/>`, xml`<e/>`]}${undefined}</a>`;
  const escaped = '&quot;&gt;&lt;x y=&apos;1&apos;&gt;&amp;\ufffd';
  assert.equal(markup, `<a b="${escaped}">${escaped}<c>1</c><d/><e/></a>`);
  assert.equal(parseXml(markup).attributes.get('b'), `"><x y='1'>&\ufffd`);
});

describe('SOAP', () => {
  for (const version of ['1.1', '1.2'] as const) {
    test(`a fault of ${version} says the same when it is read again`, () => {
      const fault = { codes: ['Sender', 'InvalidArgVal', 'NoProfile'], reason: 'no <profile> & more' };
      const envelope = readEnvelope(writeEnvelope(writeFault(fault, version), { version }));
      assert.equal(envelope.version, version);
      const read = readFault(envelope.content);
      assert.equal(read?.reason, fault.reason);
      assert.deepEqual(read?.codes, version === '1.2' ? fault.codes : ['Client']);
    });
  }

  test('what is no envelope is refused', () => {
    assert.throws(() => readEnvelope('<html><Body/></html>'), { message: /not a SOAP message/ });
    assert.throws(() => readEnvelope('<Envelope/>'), { message: /not a SOAP message/ });
    assert.equal(readEnvelope('<Envelope><Body/></Envelope>').content, undefined);
  });
});
