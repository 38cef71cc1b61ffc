import { chmod, mkdtemp, readFile, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@dure/core';
import type { EmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.ts';

/** The environment variable by which the test runner names the cluster that all test files share. */
export const testClusterVariable = 'DURE_TEST_CLUSTER';

/** What the file that the variable names contains. */
export interface TestCluster {
  readonly adminUrl: string;
}

/** A cluster that forgets: nothing waits for the disk, and it is deleted when this process ends, however it does. */
export async function startTestCluster(keepAlive: boolean): Promise<EmbeddedPostgres> {
  const folder = await mkdtemp(join(await throwAwayFolder(), 'dure-test-'));
  await chmod(folder, 0o711); // As root the server runs as another user, which must get there to delete it.
  return startEmbeddedPostgres({
    folder,
    clock: systemClock,
    random: systemRandom,
    durable: false,
    removeOnStop: true,
    keepAlive,
  });
}

const memoryFolder = '/dev/shm';
const enoughBytes = 2 ** 30;

/** Memory where there is enough of it: a clone is 300 files, which take 10 ms there and up to 300 ms on a disk. */
async function throwAwayFolder(): Promise<string> {
  const room = await statfs(memoryFolder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return room >= enoughBytes ? memoryFolder : tmpdir();
}

let cluster: Promise<TestCluster> | undefined;

/** The cluster of this test run: the runner's, or one of this process's own when a test file is run alone. */
export function testCluster(): Promise<TestCluster> {
  cluster ??= findOrStart();
  return cluster;
}

async function findOrStart(): Promise<TestCluster> {
  const file = process.env[testClusterVariable];
  if (file === undefined || file === '') return startTestCluster(false);
  return JSON.parse(await readFile(file, 'utf8')) as TestCluster;
}
