import type { Generated, Kysely, Selectable } from '@dure/postgres';
import { sql } from '@dure/postgres';

/** The tables of the user service. */
export interface UserTables {
  readonly account: AccountTable;
}

interface AccountTable {
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly password_hash: string;
  readonly roles: readonly string[];
  readonly registered_at: Generated<number>;
}

/** An account without its password. */
export interface Account {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly roles: string[];
}

/** Accounts as they are stored. E-mail addresses are one regardless of case. */
export interface Accounts {
  find(userId: string): Promise<Account | undefined>;
  /** The account and its password's hash. */
  findByEmail(email: string): Promise<{ readonly account: Account; readonly passwordHash: string } | undefined>;
  /** False when the address is taken. */
  insert(account: Account, passwordHash: string): Promise<boolean>;
}

/** Accounts in PostgreSQL; give the transaction to change them. */
export function postgresAccounts(db: Kysely<UserTables>): Accounts {
  return {
    async find(userId) {
      const row = await db.selectFrom('account').selectAll().where('user_id', '=', userId).executeTakeFirst();
      return row === undefined ? undefined : accountOf(row);
    },
    async findByEmail(email) {
      const row = await db
        .selectFrom('account')
        .selectAll()
        .where(sql`lower(email)`, '=', sql`lower(${email})`)
        .executeTakeFirst();
      return row === undefined ? undefined : { account: accountOf(row), passwordHash: row.password_hash };
    },
    async insert({ userId, email, name, roles }, passwordHash) {
      const inserted = await db
        .insertInto('account')
        .values({ user_id: userId, email, name, roles, password_hash: passwordHash })
        .onConflict((conflict) => conflict.doNothing())
        .returning('user_id')
        .executeTakeFirst();
      return inserted !== undefined;
    },
  };
}

function accountOf(row: Selectable<AccountTable>): Account {
  return { userId: row.user_id, email: row.email, name: row.name, roles: [...row.roles] };
}
