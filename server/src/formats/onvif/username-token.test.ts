/** Tokens: ours are taken, and nothing but a right, fresh one is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readEnvelope, writeEnvelope } from './soap.ts';
import { createTokenCheck, writeUsernameToken } from './username-token.ts';
import { xml } from './xml.ts';

const USER = { username: 'admin', password: 'pä<ss>&"word' };
const NOON = Date.UTC(2026, 0, 31, 12);

const headerOf = (text: string) => readEnvelope(text).header;
const tokenAt = (time: number, user = USER): string =>
  writeEnvelope(xml`<x/>`, { header: writeUsernameToken(user, time) });

test('the digest of the ONVIF Application Programmer’s Guide §6.1.1.3', () => {
  const created = '2010-09-16T07:50:45Z';
  const header = headerOf(
    `<s:Envelope xmlns:s="x"><s:Header><Security><UsernameToken><Username>user</Username><Password Type="#PasswordDigest">tuOSpGlFlIXsozq4HFNeeGeFLEI=</Password><Nonce>LKqI6G/AikKCQrN0zqZFlg==</Nonce><Created>${created}</Created></UsernameToken></Security></s:Header><s:Body/></s:Envelope>`,
  );
  const check = createTokenCheck({ username: 'user', password: 'userpassword' }, () => Date.parse(created));
  assert.equal(check(header), 'ok');
});

describe('a token', () => {
  const check = (text: string, now = NOON) => createTokenCheck(USER, () => now)(headerOf(text));

  test('of ours is taken', () => assert.equal(check(tokenAt(NOON)), 'ok'));
  test('that is not there is missing', () => assert.equal(check('<Envelope><Body/></Envelope>'), 'missing'));
  test('with another password is wrong', () =>
    assert.equal(check(tokenAt(NOON, { ...USER, password: 'other' })), 'wrong'));
  test('of another user is wrong', () =>
    assert.equal(check(tokenAt(NOON, { ...USER, username: 'root' })), 'wrong'));

  const AGES: readonly [minutes: number, verdict: string][] = [
    [4, 'ok'],
    [-4, 'ok'],
    [6, 'wrong'],
    [-6, 'wrong'],
  ];
  for (const [minutes, verdict] of AGES) {
    test(`${minutes} minutes old is ${verdict}`, () =>
      assert.equal(check(tokenAt(NOON - minutes * 60_000)), verdict));
  }

  test('whose time is none is wrong, though its digest is right', () => {
    for (const created of ['', 'soon', '99999-01-01T00:00:00Z']) {
      const text = tokenAt(NOON).replace(/(<wsu:Created>)[^<]*/, `$1${created}`);
      assert.equal(check(text), 'wrong');
    }
  });

  test('with the password in clear is wrong', () => {
    const text = tokenAt(NOON).replace(/#PasswordDigest">[^<]*/, '#PasswordText">pä&lt;ss&gt;&amp;"word');
    assert.equal(check(text), 'wrong');
  });

  test('is taken once', () => {
    let now = NOON;
    const once = createTokenCheck(USER, () => now);
    const text = tokenAt(NOON);
    assert.equal(once(headerOf(text)), 'ok');
    assert.equal(once(headerOf(text)), 'wrong');
    now += 4 * 60_000;
    assert.equal(once(headerOf(text)), 'wrong');
    assert.equal(once(headerOf(tokenAt(now))), 'ok');
    now += 3 * 60_000;
    assert.equal(once(headerOf(text)), 'wrong');
  });
});
