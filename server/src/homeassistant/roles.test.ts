import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRoles } from './roles.ts';

const user = (id: string, more: object = {}) => ({
  id,
  is_owner: false,
  is_active: true,
  group_ids: [],
  ...more,
});
const USERS = [
  user('owner', { is_owner: true }),
  user('admin', { group_ids: ['system-admin'] }),
  user('user', { group_ids: ['system-users'] }),
  user('gone', { group_ids: ['system-admin'], is_active: false }),
  { id: 'strange', is_owner: 'yes' },
  null,
];

describe('roles of Home Assistant', () => {
  test('owners and administrators administer, everybody else views', async () => {
    const roleOf = createRoles(async () => USERS);
    for (const [id, role] of [
      ['owner', 'admin'],
      ['admin', 'admin'],
      ['user', 'viewer'],
      ['gone', 'viewer'],
      ['strange', 'viewer'],
      ['', 'viewer'],
      ['__proto__', 'viewer'],
    ] as const) {
      assert.equal(await roleOf(id), role, id);
    }
  });

  test('core is asked once a minute, however many ask', async () => {
    let [asked, time] = [0, 0];
    const roleOf = createRoles(
      async () => {
        asked++;
        return USERS;
      },
      () => time,
    );
    await Promise.all([roleOf('owner'), roleOf('user'), roleOf('nobody')]);
    assert.equal(asked, 1);
    time = 59_000;
    await roleOf('owner');
    assert.equal(asked, 1);
    time = 61_000;
    await roleOf('owner');
    assert.equal(asked, 2);
  });

  test('while core does not answer, everybody is a viewer; soon it is asked again', async () => {
    let [answer, time]: [unknown, number] = [undefined, 0];
    const roleOf = createRoles(
      async () => {
        if (answer === undefined) throw new Error('core is down');
        return answer;
      },
      () => time,
    );
    assert.equal(await roleOf('owner'), 'viewer');
    answer = USERS;
    assert.equal(await roleOf('owner'), 'viewer');
    time = 6000;
    assert.equal(await roleOf('owner'), 'admin');
    answer = 'nonsense';
    time = 70_000;
    assert.equal(await roleOf('owner'), 'viewer');
  });
});
