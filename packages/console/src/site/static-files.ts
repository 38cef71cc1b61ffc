import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** One file of the built pages. */
export interface StaticFile {
  readonly bytes: Uint8Array;
  readonly type: string;
  /** Its name holds a digest of its content: it never changes. */
  readonly immutable: boolean;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Reads a folder of built pages, by path below it (`/assets/index-1a2b3c4d.js`). Only these paths can be asked for. */
export async function staticFiles(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = `/${relative(folder, path).split(sep).join('/')}`;
      const type = types[extname(name)] ?? 'application/octet-stream';
      const immutable = /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(name);
      return [name, { bytes: new Uint8Array(await readFile(path)), type, immutable }] as const;
    });
  return new Map(await Promise.all(files));
}
