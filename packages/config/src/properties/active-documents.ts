import { profileMatches } from './profile-expression.ts';
import type { PropertyDocument, PropertySource } from './property.ts';

const activation = /^spring\.config\.activate\.on-profile(\[\d+\])?$/;

/**
 * The documents of a file that count under some profiles, highest precedence first: the later document wins; one with an
 * activation expression counts only when it holds.
 */
export function activeDocuments(
  file: string,
  documents: readonly PropertyDocument[],
  profiles: ReadonlySet<string>,
): readonly PropertySource[] {
  const isSingle = documents.length === 1;
  return documents
    .map(({ properties }, index) => ({ file, document: isSingle ? undefined : index, properties }))
    .filter(({ properties }) => {
      const conditions = [...properties].filter(([key]) => activation.test(key));
      const expressions = conditions.flatMap(([, { value }]) => String(value).split(','));
      return properties.size > 0 && (expressions.length === 0 || expressions.some((e) => profileMatches(e, profiles)));
    })
    .reverse();
}
