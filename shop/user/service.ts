import { userOf } from '@dure/core';
import { hashPassword, verifyPassword } from '@dure/identity';
import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import type { UserTables } from './accounts.postgres.ts';
import { postgresAccounts } from './accounts.postgres.ts';
import { user, userRegistered } from './contract.ts';
import { userErrors } from './errors.ts';

/** Accounts; signs users in with tokens that everybody can verify. */
export const userService = service({
  contract: user,
  database: migrations<UserTables>(import.meta.dirname),
  start: ({ db, ids, random, platform, add }) => {
    const { userTokens } = platform;
    if (userTokens === undefined) {
      throw userErrors.NOT_ISSUER(
        'the system does not name "user" as the issuer of user tokens, so nobody could sign in; name it in `edge.session`',
      );
    }
    add.route({
      method: 'GET',
      path: '/.well-known/jwks.json',
      access: 'public',
      handle: () => ({
        status: 200,
        headers: { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' },
        body: JSON.stringify(userTokens.jwks),
      }),
    });
    return {
      register: async ({ body: { email, name, password } }, call) => {
        const passwordHash = await hashPassword(password, random);
        return db.uow(call, async (tx) => {
          const account = { userId: ids.uuid(), email, name, roles: ['customer'] };
          const inserted = await postgresAccounts(tx.db).insert(account, passwordHash);
          if (!inserted) throw user.refuse.register.EmailTaken({ email });
          tx.emit(userRegistered, { userId: account.userId, name });
          return account;
        });
      },
      signIn: async ({ body: { email, password } }) => {
        const found = await postgresAccounts(db.read).findByEmail(email);
        const fits = await verifyPassword(password, found?.passwordHash);
        if (found === undefined || !fits) throw user.refuse.signIn.BadCredentials({});
        const { account } = found;
        const issued = await userTokens.issue({ subject: account.userId, roles: account.roles, name: account.name });
        return { token: issued.token, expiresAt: new Date(issued.expiresAt).toISOString(), user: account };
      },
      getMe: async (_input, call) => {
        const userId = userOf(call.identity)?.subject ?? '';
        const account = await postgresAccounts(db.read).find(userId);
        if (account === undefined) throw user.refuse.getMe.UnknownUser({ userId });
        return account;
      },
      getUser: async ({ params: { userId } }) => {
        const account = await postgresAccounts(db.read).find(userId);
        if (account === undefined) throw user.refuse.getUser.UnknownUser({ userId });
        return account;
      },
    };
  },
});
