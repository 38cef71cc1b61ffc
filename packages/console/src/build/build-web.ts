import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { consoleErrors } from '../errors.ts';
import { sourceHash } from './source-hash.ts';

/** What to build, and where to. */
export interface WebBuild {
  /** The folder with `index.html` and, if need be, `vite.config.ts`. */
  readonly root: string;
  /** Where the built pages go; its file `.sources` holds the digest of the sources they were built from. */
  readonly outDir: string;
  /** Further folders with sources that the pages import. */
  readonly sources?: readonly string[];
  /** What the pages are called in messages: `the storefront`. */
  readonly name: string;
}

/** The same file as a source and as a published one, but for its ending. */
const builder = join(import.meta.dirname, `main${extname(import.meta.filename)}`);
const longestMs = 60_000;
const digestFile = '.sources';

/**
 * Builds web pages with Vite unless they are built from these very sources already; answers the folder with the built
 * pages. The build runs in a process of its own: Vite would leave 150 MB behind in this one. The folder changes
 * in one step, so that several processes may do this at once. A published package has the built pages and no sources:
 * they are taken as they are. CONSOLE_WEB_MISSING, CONSOLE_WEB_BUILD_FAILED.
 */
export async function buildWebIfChanged(build: WebBuild): Promise<string> {
  const { root, outDir, sources = [], name } = build;
  const isBuilt = await exists(join(outDir, 'index.html'));
  if (!(await exists(join(root, 'index.html')))) {
    if (isBuilt) return outDir;
    throw consoleErrors.WEB_MISSING(`${name}: there are neither sources in ${root} nor built pages in ${outDir}`);
  }
  const hash = await sourceHash([root, ...sources]);
  if (isBuilt && (await readFile(join(outDir, digestFile), 'utf8').catch(() => '')) === hash) return outDir;
  const fresh = `${outDir}.${randomUUID()}`;
  try {
    await mkdir(dirname(outDir), { recursive: true });
    await runBuilder(build, fresh);
    await clearLeftovers(outDir, fresh);
    await writeFile(join(fresh, digestFile), hash);
    await swap(fresh, outDir);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return outDir;
}

async function runBuilder({ root, name }: WebBuild, outDir: string): Promise<void> {
  const child = spawn(process.execPath, [builder, root, outDir], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  const [said, code] = await Promise.all([text(child.stderr), ended]);
  if (code === 0) return;
  const reason = said.trim().slice(0, 2_000);
  if (code === 3) throw consoleErrors.WEB_MISSING(`${name} must be built from ${root}, and Vite is not installed`);
  throw consoleErrors.WEB_BUILD_FAILED(
    `${name} could not be built from ${root}: ${reason || `the build was ended after ${longestMs} ms`}`,
  );
}

/** Builds that were interrupted leave their folder behind; no build that still runs is as old. */
async function clearLeftovers(outDir: string, fresh: string): Promise<void> {
  const folder = dirname(outDir);
  const { mtimeMs: now } = await stat(fresh);
  const leftovers = (await readdir(folder)).filter((name) => name.startsWith(`${basename(outDir)}.`));
  for (const name of leftovers) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info?.isDirectory() === true && info.mtimeMs < now - 2 * longestMs)
      await rm(path, { recursive: true, force: true });
  }
}

/** Puts a folder in another's place. Whoever loses the race against another build of the same sources is content. */
async function swap(fresh: string, outDir: string): Promise<void> {
  const old = `${outDir}.${randomUUID()}`;
  await rename(outDir, old).catch(() => undefined);
  await rename(fresh, outDir).catch(async (error: unknown) => {
    if (!(await exists(join(outDir, 'index.html')))) throw error;
  });
  await rm(old, { recursive: true, force: true });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
