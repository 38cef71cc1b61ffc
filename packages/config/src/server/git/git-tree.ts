import { posix } from 'node:path';

/** A file of a commit. */
export interface GitFile {
  readonly id: string;
  readonly bytes: number;
  readonly isLink: boolean;
}

/** All files of a commit by their paths; submodules are none. */
export class GitTree {
  readonly files: ReadonlyMap<string, GitFile>;
  readonly #folders = new Set<string>();

  /** `listing` is what `git ls-tree -r -z --long` writes. */
  constructor(listing: string) {
    const files = new Map<string, GitFile>();
    for (const line of listing.split('\0')) {
      const match = /^(\d{6}) blob ([0-9a-f]+) +(\d+)\t([\s\S]+)$/.exec(line);
      if (match === null) continue;
      const [, mode, id = '', bytes, path = ''] = match;
      files.set(path, { id, bytes: Number(bytes), isLink: mode === '120000' });
      for (let folder = posix.dirname(path); folder !== '.' && !this.#folders.has(folder); ) {
        this.#folders.add(folder);
        folder = posix.dirname(folder);
      }
    }
    this.files = files;
  }

  /** The folders that a path names, in which `*` stands for any letters of one name. */
  folders(pattern: string): readonly string[] {
    const path = pattern.replace(/^\/+|\/+$/g, '');
    if (path === '') return [''];
    if (!path.includes('*')) return this.#folders.has(path) ? [path] : [];
    const expression = wildcard(path);
    return [...this.#folders].filter((folder) => expression.test(folder)).sort();
  }
}

/** Where a link leads to, inside the tree; undefined when that is outside. */
export function linkTarget(path: string, target: string): string | undefined {
  if (target.startsWith('/') || target === '') return undefined;
  const joined = posix.join(posix.dirname(path), target);
  return joined === '..' || joined.startsWith('../') ? undefined : joined;
}

/** `*` stands for any letters but `/`. */
export function wildcard(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`, 's');
}
