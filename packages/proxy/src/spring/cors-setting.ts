import type { Problems } from './problems.ts';
import type { PropertyNode } from './property-node.ts';
import { childOf, itemsOf, relaxed, textOf } from './property-node.ts';
import type { CorsSetting } from './spring-rule.ts';
import { durationMs } from './spring-values.ts';

const lists = [
  'allowedOrigins',
  'allowedOriginPatterns',
  'allowedMethods',
  'allowedHeaders',
  'exposedHeaders',
] as const;
const known: readonly string[] = [...lists, 'allowCredentials', 'maxAge'];

/** Reads one `CorsConfiguration`. */
export function readCors(node: PropertyNode, problems: Problems): CorsSetting {
  const read: { -readonly [Name in keyof CorsSetting]: CorsSetting[Name] } = {};
  for (const [name, child] of node.children) {
    if (!known.some((one) => relaxed(one) === relaxed(name))) problems.addUnknown(child, 'CORS setting', name, known);
  }
  for (const name of lists) {
    const child = childOf(node, name);
    if (child !== undefined) read[name] = itemsOf(child);
  }
  const credentials = textOf(childOf(node, 'allowCredentials'));
  if (credentials !== undefined) read.allowCredentials = credentials === 'true';
  const age = childOf(node, 'maxAge');
  const seconds = maxAgeSeconds(textOf(age));
  if (age !== undefined && seconds === undefined) problems.add(age, 'maxAge is a whole number of seconds');
  if (seconds !== undefined) read.maxAge = seconds;
  if (read.allowCredentials === true && read.allowedOrigins?.includes('*') === true)
    problems.add(node, 'credentials are never allowed together with the origin "*"; name the origins, or use patterns');
  return read;
}

/** A number is seconds, as in `CorsConfiguration`; a duration says its unit. */
function maxAgeSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const ms = durationMs(text);
  return ms === undefined ? undefined : Math.floor(ms / 1_000);
}
