import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';

/** What an answer tells the browser of its page. */
export interface CorsTold {
  /** Undefined when the page is not allowed, or there is none. */
  readonly allowOrigin: string | undefined;
  readonly credentials: boolean;
  /** Fields that the page may read, or nothing. */
  readonly exposed: string;
  readonly vary: string | undefined;
}

/** What only the edge says. */
const ours: ReadonlySet<string> = new Set([
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-allow-private-network',
]);

/** An answer that says what a page of another origin may make of it, whatever the service says. */
export class CorsAnswer extends PassingAnswer {
  readonly #told: CorsTold;

  constructor(next: Answer, told: CorsTold) {
    super(next);
    this.#told = told;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    const { allowOrigin, credentials, exposed, vary } = this.#told;
    const told: string[] = [];
    let varies = vary ?? '';
    for (let index = 0; index < fields.length; index += 2) {
      const [name = '', value = ''] = fields.slice(index, index + 2);
      const plain = name.toLowerCase();
      if (ours.has(plain)) continue;
      if (plain === 'vary' && vary !== undefined) varies = mergeVary(varies, value);
      else told.push(name, value);
    }
    if (varies !== '') told.push('vary', varies);
    if (allowOrigin !== undefined) {
      told.push('access-control-allow-origin', allowOrigin);
      if (credentials) told.push('access-control-allow-credentials', 'true');
      if (exposed !== '') told.push('access-control-expose-headers', exposed);
    }
    this.next.begin(status, told, bodyBytes);
  }
}

function mergeVary(ours: string, theirs: string): string {
  if (ours === '*' || theirs.trim() === '*') return '*';
  const known = new Set(ours.split(', '));
  const more = theirs.split(',').map((name) => name.trim());
  return [ours, ...more.filter((name) => name !== '' && !known.has(name.toLowerCase()))].join(', ');
}
