/** The media type whose values carry the place they were written at. */
export const originMediaType = 'application/vnd.spring-cloud.config-server.v2+json';

/** How an Environment can be written. */
export type EnvironmentType = 'application/json' | typeof originMediaType;

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** What the asker of an Environment likes best; undefined when it takes none of them (406). */
export function environmentType(accept: string | undefined): EnvironmentType | undefined {
  for (const { type } of rangesOf(accept ?? '*/*')) {
    if (type === originMediaType || type === 'application/*+json') return originMediaType;
    if (type === 'application/json' || type === 'application/*' || type === '*/*') return 'application/json';
  }
  return undefined;
}

/** Whether a resource is wanted as the bytes it is, not as text with its placeholders resolved. */
export function wantsBytes(accept: string | undefined): boolean {
  return rangesOf(accept ?? '').some(({ type }) => type === 'application/octet-stream');
}

/** The best first; among equals the first. */
function rangesOf(accept: string): readonly Range[] {
  return accept
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '');
      return { type, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
}
