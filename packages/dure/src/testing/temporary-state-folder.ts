import { chmod, mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memoryFolder = '/dev/shm';
const enoughBytes = 2 ** 30;

/**
 * A new folder for the state of a system under test, which the caller removes: in memory where there is room. Root's
 * database server runs as another user, which can reach it.
 */
export async function temporaryStateFolder(): Promise<string> {
  const folder = await mkdtemp(join(await roomiest(), 'dure-system-'));
  await chmod(folder, 0o755);
  return folder;
}

async function roomiest(): Promise<string> {
  const room = await statfs(memoryFolder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return room >= enoughBytes ? memoryFolder : tmpdir();
}
