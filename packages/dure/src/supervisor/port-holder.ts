import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** Who listens on a port. */
export interface PortHolder {
  readonly pid: number;
  /** Its command line, shortened. */
  readonly command: string;
}

const listening = '0A';

/**
 * Finds the process that listens on a TCP port, through `/proc/net/tcp` and the file descriptors of every process that
 * we may look at. Undefined where the machine does not tell.
 */
export async function portHolder(port: number): Promise<PortHolder | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const inodes = new Set(tables.flatMap((table) => listenersIn(table, port)));
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (await holds(pid, inodes)) return { pid: Number(pid), command: await commandOf(pid) };
  }
  return undefined;
}

/** The inodes of the sockets that listen on a port, in the format of proc(5). */
export function listenersIn(table: string, port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return local?.endsWith(`:${hex}`) === true && state === listening && inode !== undefined ? [inode] : [];
  });
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''));
}

async function commandOf(pid: string): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [program = '', ...parameters] = line.split('\0').filter((part) => part !== '');
  const text = [basename(program), ...parameters].join(' ');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
