import { readFile, stat } from 'node:fs/promises';
import { postgresErrors } from '../errors.ts';

/** The user that a server process runs as, when that is not the user of this process. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom to run PostgreSQL as: undefined means this process's own user. As root it is `nobody`, because PostgreSQL refuses root and
 * needs a user with an entry in the user database. POSTGRES_USER_MISSING when there is none.
 */
export async function serverUser(
  own: number | undefined = process.getuid?.(),
  passwd?: string,
): Promise<ServerUser | undefined> {
  if (own !== 0) return undefined;
  const users = passwd ?? (await readFile('/etc/passwd', 'utf8').catch(() => ''));
  for (const line of users.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'nobody' && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw postgresErrors.USER_MISSING(
    'this process runs as root, PostgreSQL does not, and /etc/passwd has no user "nobody" to run it as; start as an ordinary user or add that line',
  );
}

/** Root runs the server as whoever owns its data already. */
export async function dataOwner(dataFolder: string, otherwise: ServerUser): Promise<ServerUser> {
  const owner = await stat(dataFolder).catch(() => undefined);
  return owner === undefined || owner.uid === 0 ? otherwise : { uid: owner.uid, gid: owner.gid };
}
