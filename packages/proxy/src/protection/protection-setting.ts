import type { DureError } from '@dure/core';
import { gatewayErrors } from '../errors.ts';

/** The error of a setting that must be something else. */
export function refuseSetting(layer: string, setting: string, value: unknown, expected: string): DureError {
  return gatewayErrors.PROTECTION_INVALID(`${layer}: \`${setting}\` is ${String(value)}, but must be ${expected}`, {
    details: { layer, setting },
  });
}

/** GATEWAY_PROTECTION_INVALID unless it is a number within the bounds, both included. */
export function demandNumber(layer: string, setting: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) throw refuseSetting(layer, setting, value, `from ${least} to ${most}`);
}

/** GATEWAY_PROTECTION_INVALID unless it is a whole number from 1. */
export function demandCount(layer: string, setting: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw refuseSetting(layer, setting, value, 'a whole number from 1');
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** GATEWAY_PROTECTION_INVALID unless it is the name of a field or a method (RFC 9110 §5.6.2). */
export function demandToken(layer: string, setting: string, value: string): void {
  if (!isToken(value)) throw refuseSetting(layer, setting, value, 'a token such as `x-tenant`');
}

/** Whether it is a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return token.test(text);
}
