import type { RequestHead } from './request-head.ts';

/**
 * Whether a request comes from a page of this origin, or from no page at all. Browsers say where a request comes from by
 * `Sec-Fetch-Site`, older ones by `Origin`; programs say neither and cannot be tricked. Another port of the same host is
 * another origin.
 */
export function isSameOrigin({ fetchSite, origin, host }: RequestHead): boolean {
  return fetchSite === undefined
    ? origin === undefined || originHost(origin) === host
    : fetchSite === 'same-origin' || fetchSite === 'none';
}

function originHost(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
}
