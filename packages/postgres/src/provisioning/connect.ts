import { messageOf } from '@dure/core';
import { Client } from 'pg';
import { postgresErrors } from '../errors.ts';

/** Runs work on one connection and closes it. POSTGRES_CONNECT_FAILED, naming host, port, database and user. */
export async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    const { username, host, pathname } = new URL(url);
    throw postgresErrors.CONNECT_FAILED(
      `could not connect to the database ${pathname.slice(1)} at ${host} as ${username}: ${messageOf(cause)}`,
      { cause, details: { host, database: pathname.slice(1), user: username } },
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
