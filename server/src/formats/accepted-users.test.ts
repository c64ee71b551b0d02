import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configureLog, createLogger } from '../util/log.ts';
import { acceptedUsers, warnWithoutUser } from './accepted-users.ts';

const anna = { username: 'anna', password: 'secret' };
const key = { username: 'program', password: 'key' };

for (const [title, section, access, expected] of [
  ['nothing set: anybody', {}, {}, undefined],
  ['an open server with keys: still anybody', {}, { keys: [key] }, undefined],
  ['a user of the section, and the keys', anna, { keys: [key] }, [anna, key]],
  ['a user alone', { username: 'anna' }, {}, [{ username: 'anna', password: '' }]],
  ['credentials required: the keys alone', {}, { keys: [key], requireCredentials: true }, [key]],
  ['credentials required, and none there: nobody', {}, { requireCredentials: true }, []],
] as const) {
  test(title, () => assert.deepEqual(acceptedUsers(section, access), expected));
}

test('who opens a server to the network is told when it asks for a user that is not set', () => {
  let text = '';
  const logged = (section: string, host: string | undefined, rules: object) => {
    text = '';
    warnWithoutUser(section, host, rules, createLogger('rtmp'));
    return text;
  };
  configureLog({ format: 'text', write: (line) => (text += line) });
  assert.match(logged('rtmp', undefined, { requireCredentials: true }), /set rtmp.username/);
  assert.equal(logged('rtmp', '127.0.0.1', { requireCredentials: true }), '');
  assert.equal(logged('rtmp', undefined, {}), '');
  assert.equal(logged('rtmp', undefined, { ...anna, requireCredentials: true }), '');
  configureLog({ write: undefined });
});
