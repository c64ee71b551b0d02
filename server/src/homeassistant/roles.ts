/** What a user of Home Assistant may do here. Core knows its users; whom it does not name an administrator is a viewer. */
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';

const coreUser = Type.Object({
  id: Type.String(),
  is_owner: Type.Boolean(),
  is_active: Type.Boolean(),
  group_ids: Type.Array(Type.String()),
});
type CoreUser = Static<typeof coreUser>;

const ADMINISTRATORS = 'system-admin';
const KEPT_MS = 60_000;
/** A core that does not answer is not asked with every request. */
const KEPT_FAILURE_MS = 5000;

/** The role of a user by id. `listUsers` gives what core answers to `config/auth/list`. The function never rejects. */
export function createRoles(
  listUsers: () => Promise<unknown>,
  now: () => number = Date.now,
): (userId: string) => Promise<'admin' | 'viewer'> {
  let administrators: Promise<ReadonlySet<string>> | undefined;
  let keptUntil = 0;

  async function ask(): Promise<ReadonlySet<string>> {
    try {
      const users = await listUsers();
      return new Set((Array.isArray(users) ? users : []).filter(isAdministrator).map(({ id }) => id));
    } catch {
      keptUntil = now() + KEPT_FAILURE_MS;
      return new Set();
    }
  }

  return async (userId) => {
    if (!administrators || now() >= keptUntil) {
      keptUntil = now() + KEPT_MS;
      administrators = ask();
    }
    return (await administrators).has(userId) ? 'admin' : 'viewer';
  };
}

function isAdministrator(user: unknown): user is CoreUser {
  return (
    Check(coreUser, user) && user.is_active && (user.is_owner || user.group_ids.includes(ADMINISTRATORS))
  );
}
