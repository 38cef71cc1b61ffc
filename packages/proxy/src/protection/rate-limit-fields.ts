import { hash } from 'node:crypto';
import type { RateAnswer } from '@dure/resilience';

/** A policy as its field tells it (draft-ietf-httpapi-ratelimit-headers-10), without the key: `"peruser";q=100;w=60;qu="requests"`. */
export function policyText(name: string, quota: number, windowSeconds: number): string {
  return `"${name}";q=${quota};w=${windowSeconds};qu="requests"`;
}

/**
 * The partition key: a digest, so that a client can tell whether two answers speak of one account, and nobody what the
 * account is named after.
 */
export function partitionText(key: string): string {
  return `;pk=:${hash('sha256', key, 'buffer').toString('base64', 0, 9)}:`;
}

/**
 * What is left of a policy: `"peruser";r=50;t=30`. `t` is when all of it is back; when nothing is left, when the next
 * request goes through, which is what `Retry-After` says then.
 */
export function standingText(name: string, { left, resetMs, waitMs }: RateAnswer): string {
  const seconds = Math.ceil((waitMs > 0 ? waitMs : resetMs) / 1_000);
  return `"${name}";r=${left};t=${Math.max(seconds, 0)}`;
}
