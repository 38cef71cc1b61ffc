import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configErrors } from '../../errors.ts';
import { readSecret } from '../../secret-file.ts';
import type { GitRepository } from './git-options.ts';

/**
 * Writes what git goes by in a folder of its own, in place of the machine's and the user's settings: no hooks, no helper
 * programs, four transports, and one place to fetch from. Secrets are in files of mode 0600 here, and never in arguments.
 */
export async function writeGitHome(folder: string, address: string, repository: GitRepository): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await write(join(folder, 'gitconfig'), gitConfig(address, repository));
  await write(join(folder, 'ssh-config'), sshConfig(repository));
  await writeCredentials(folder, address, repository);
}

/** Writes the password anew: it may have changed, and git removes one that was refused. */
export async function writeCredentials(
  folder: string,
  address: string,
  { username = 'git', passwordFile }: GitRepository,
): Promise<void> {
  if (passwordFile === undefined || !/^https?:/.test(address)) return;
  const { protocol, host } = new URL(address);
  const password = await readSecret(passwordFile);
  const [user, secret] = [username, password].map(encodeURIComponent);
  await write(join(folder, 'credentials'), `${protocol}//${user}:${secret}@${host}\n`);
}

function gitConfig(address: string, { caFile, proxy, passwordFile }: GitRepository): string {
  const sections: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    core: { hooksPath: '/dev/null', symlinks: 'false', askPass: '', sshCommand: 'ssh -F ./ssh-config' },
    protocol: { allow: 'never' },
    'protocol "https"': { allow: 'always' },
    'protocol "http"': { allow: address.startsWith('http:') ? 'always' : 'never' },
    'protocol "ssh"': { allow: 'always' },
    'protocol "file"': { allow: address.startsWith('file:') ? 'always' : 'never' },
    credential: { helper: passwordFile === undefined ? '' : 'store --file=./credentials' },
    http: { sslCAInfo: caFile, proxy, lowSpeedLimit: '1', lowSpeedTime: '30' },
    fetch: { recurseSubmodules: 'false' },
    transfer: { bundleURI: 'false' },
    gc: { autoDetach: 'false' },
    maintenance: { autoDetach: 'false' },
    'remote "origin"': { url: address },
  };
  return Object.entries(sections)
    .map(([name, keys]) => {
      const lines = Object.entries(keys).flatMap(([key, value]) =>
        value === undefined ? [] : [`\t${key} = ${quoted(value)}\n`],
      );
      return `[${name}]\n${lines.join('')}`;
    })
    .join('');
}

function sshConfig({ sshKeyFile, knownHostsFile }: GitRepository): string {
  const lines = ['Host *', 'BatchMode yes', 'StrictHostKeyChecking yes', 'ConnectTimeout 10', 'ForwardAgent no'];
  if (sshKeyFile !== undefined) lines.push(`IdentityFile ${sshPath(sshKeyFile)}`, 'IdentitiesOnly yes');
  if (knownHostsFile !== undefined) lines.push(`UserKnownHostsFile ${sshPath(knownHostsFile)}`);
  return `${lines.join('\n')}\n`;
}

function sshPath(path: string): string {
  return quoted(path).replaceAll('%', '%%');
}

function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (/["\\\x00-\x1f]/.test(text))
    throw configErrors.GIT_OPTIONS(
      'a path or an address of a git repository has a quote, a backslash or a control character',
    );
  return `"${text}"`;
}

function write(path: string, text: string): Promise<void> {
  return writeFile(path, text, { mode: 0o600 });
}
