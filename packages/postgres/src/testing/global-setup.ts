import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import type { TestCluster } from './test-cluster.ts';
import { startTestCluster, testClusterVariable } from './test-cluster.ts';

let cluster: EmbeddedPostgres | undefined;
let folder: string | undefined;

/** For `node --test --test-global-setup`: one cluster for all test files of the run. */
export async function globalSetup(): Promise<void> {
  cluster = await startTestCluster(true);
  folder = await mkdtemp(join(tmpdir(), 'dure-test-run-'));
  const told: TestCluster = { adminUrl: cluster.adminUrl };
  const file = join(folder, 'cluster.json');
  await writeFile(file, JSON.stringify(told), { mode: 0o600 });
  process.env[testClusterVariable] = file;
}

/** Stops and deletes the cluster. */
export async function globalTeardown(): Promise<void> {
  await cluster?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
