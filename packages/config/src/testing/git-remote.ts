import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A bare repository that a test pushes to, as a team does to its own. */
export interface GitRemote extends AsyncDisposable {
  /** `file:///…` */
  readonly url: string;
  readonly folder: string;
  /** The work tree that commits are made in. */
  readonly work: string;
  /** Writes files (null removes), commits and pushes; the commit's id. */
  push(files: Readonly<Record<string, string | null>>, options?: { readonly branch?: string }): Promise<string>;
  /** Any git command in the work tree. */
  git(...args: readonly string[]): Promise<string>;
}

/** Makes a remote with an empty branch `main`. */
export async function gitRemote(): Promise<GitRemote> {
  const root = await mkdtemp(join(tmpdir(), 'dure-git-remote-'));
  const [folder, work] = [join(root, 'config.git'), join(root, 'work')];
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
    HOME: root,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'test',
    GIT_AUTHOR_EMAIL: 'test@example.test',
    GIT_COMMITTER_NAME: 'test',
    GIT_COMMITTER_EMAIL: 'test@example.test',
  };
  const git = async (...args: readonly string[]) => {
    const { stdout } = await run('git', [...args], { cwd: work, env, maxBuffer: 2 ** 26 });
    return stdout.trim();
  };
  await mkdir(work);
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], { env });
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', folder);
  return {
    url: `file://${folder}`,
    folder,
    work,
    git,
    async push(files, { branch = 'main' } = {}) {
      if ((await git('branch', '--show-current')) !== branch) await git('checkout', '--quiet', '-B', branch);
      for (const [path, text] of Object.entries(files)) {
        const target = join(work, path);
        await mkdir(dirname(target), { recursive: true });
        await (text === null ? rm(target) : writeFile(target, text));
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--message=change');
      await git('push', '--quiet', '--force', 'origin', branch);
      return git('rev-parse', 'HEAD');
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
