import type { ChildProcess } from 'node:child_process';
import { configErrors } from '../../errors.ts';
import type { GitPlace } from './run-git.ts';
import { killGroup, spawnGit } from './run-git.ts';

interface Waiting {
  resolve(bytes: Buffer | undefined): void;
  reject(error: Error): void;
}

/** Reads objects by their ids from one long-lived `git cat-file --batch`; what is fetched later it finds as well. */
export class ObjectReader {
  readonly #place: GitPlace;
  readonly #waiting: Waiting[] = [];
  #child: ChildProcess | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** How many bytes make the next step: a header's end is not known before it is there. */
  #needs = 0;

  constructor(place: GitPlace) {
    this.#place = place;
  }

  /** The bytes of an object; undefined when there is none. `id` is a whole id, and its size was looked at before. */
  read(id: string): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child ??= this.#start();
      this.#child.stdin?.write(`${id}\n`);
    });
  }

  close(): void {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.stdin?.end();
    killGroup(child, 'SIGTERM');
    this.#fail(child, 'it was closed');
  }

  #start(): ChildProcess {
    const child = spawnGit(this.#place, ['cat-file', '--batch']);
    this.#chunks = [];
    this.#bytes = 0;
    this.#needs = 0;
    child.stdin?.on('error', () => {});
    child.stderr?.resume();
    child.stdout?.on('data', (chunk: Buffer) => {
      if (this.#child === child) this.#take(chunk);
    });
    child.once('error', () => this.#fail(child, 'it cannot be started'));
    child.once('close', () => this.#fail(child, 'it ended'));
    return child;
  }

  #fail(child: ChildProcess, why: string): void {
    if (this.#child !== undefined && this.#child !== child) return;
    this.#child = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(configErrors.GIT_FAILED(`git cat-file: ${why}`));
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needs) return;
    let all = Buffer.concat(this.#chunks);
    this.#needs = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10)) {
      const [, type, digits] = all.toString('latin1', 0, end).split(' ');
      const size = digits === undefined ? -1 : Number(digits);
      const total = end + 1 + (size < 0 ? 0 : size + 1);
      if (all.length < total) {
        this.#needs = total;
        break;
      }
      const bytes = type === 'blob' && size >= 0 ? Buffer.from(all.subarray(end + 1, total - 1)) : undefined;
      this.#waiting.shift()?.resolve(bytes);
      all = all.subarray(total);
    }
    this.#chunks = [all];
    this.#bytes = all.length;
  }
}
