import type { Properties, Scalar } from '@dure/config/properties';
import type { Problems } from './problems.ts';

const innermost = /\$\{([^${}]*)\}/;
const mostReplacements = 100;
const longest = 10_000;
/** No property holds it: it stands for an escaped `${` while placeholders are replaced. */
const kept = '\u0000';

/**
 * Replaces `${key}` and `${key:default}` in the keys below a prefix by other keys, as Spring does before routes are read;
 * `\${` stands for `${`, and `$\{name}`, a capture, is none. What nothing is known of is a problem.
 */
export function replacePlaceholders(
  properties: Properties,
  prefix: string,
  lookup: (key: string) => string | undefined,
  problems: Problems,
): Properties {
  const known = (key: string): Scalar | undefined => properties.get(key)?.value ?? lookup(key);
  const replaced = new Map(properties);
  for (const [key, property] of properties) {
    const { value, place = key } = property;
    if (typeof value !== 'string' || !value.includes('${') || !key.startsWith(prefix)) continue;
    let text = value.replaceAll('\\${', kept);
    for (let count = 0; ; count += 1) {
      const [whole, inside = ''] = innermost.exec(text) ?? [];
      if (whole === undefined) break;
      const colon = inside.indexOf(':');
      const name = colon < 0 ? inside : inside.slice(0, colon);
      const found = known(name) ?? (colon < 0 ? undefined : inside.slice(colon + 1));
      if (found === undefined || count >= mostReplacements || text.length > longest) {
        problems.add({ place, key }, `"${whole}" is no key of this configuration; a capture is written "$\\{${name}}"`);
        break;
      }
      text = text.replace(whole, () => String(found));
    }
    replaced.set(key, { ...property, value: text.replaceAll(kept, '${') });
  }
  return replaced;
}
