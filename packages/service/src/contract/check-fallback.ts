import { check } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import { isBytes } from './bytes.ts';
import type { FallbackSpec, HttpOperation } from './operation-spec.ts';

/** SERVICE_CONTRACT_INVALID when an operation declares a fallback that cannot be an answer of it. */
export function checkFallback({ service, name, idempotent, spec }: HttpOperation): void {
  const { fallback, output, stream } = spec;
  if (fallback === undefined) return;
  const why =
    output === undefined || stream === true || isBytes(output)
      ? 'a `fallback` needs an `output` that is neither a stream nor bytes'
      : idempotent === false
        ? 'a `fallback` would hide whether the effect took place; only what is idempotent can have one'
        : contradictionIn(fallback, output);
  if (why !== undefined) throw serviceErrors.CONTRACT_INVALID(`${service}.${name}: ${why}`);
}

function contradictionIn(
  { lastGood, value }: FallbackSpec,
  output: NonNullable<HttpOperation['spec']['output']>,
): string | undefined {
  if (lastGood === undefined && value === undefined) return 'a `fallback` has a `value`, or `lastGood`, or both';
  if (lastGood !== undefined && !(lastGood.oldestMs >= 1))
    return `\`fallback.lastGood.oldestMs\` is ${lastGood.oldestMs}; it must be at least 1`;
  if (value === undefined) return undefined;
  const checked = check(output, value, 'fallback.value');
  return checked.ok ? undefined : checked.errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
}
