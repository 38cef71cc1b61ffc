import type { SchemaGap } from './schema-gap.ts';

/** Which of the two sides of a gap was built before. */
export type BreakText = 'written now' | 'written before' | 'sent before';

/** A gap as the end of a sentence that begins with its place. */
export function gapText({ rule, written, read }: SchemaGap, when: BreakText): string {
  if (when === 'written now') {
    if (rule === 'absent') return 'may be absent now, and whoever was built before demands it';
    if (rule === 'renamed') return `was "${read}": whoever was built before looks for it there`;
    if (rule === 'refused') return 'is written now, and whoever was built before refuses it';
    return `may be ${written} now, and whoever was built before reads ${read} only`;
  }
  const former = when === 'sent before' ? 'whoever was built before sends' : 'earlier messages hold';
  if (rule === 'absent') return `is demanded now, and what ${former} may lack it`;
  if (rule === 'renamed') return `is read as "${read}" now, and what ${former} has it here`;
  if (rule === 'refused') return `is refused now, and ${former} it`;
  return `is read only as ${read} now, and ${former} ${written}`;
}

/** What to do instead of a change that breaks. */
export const fixes = {
  removed: 'keep it until nobody uses it, then remove it',
  beside: 'leave it as it is and put the new beside it: an optional field, or another operation',
  optional: 'make it optional, or give it a default',
  refusal: 'write it down a release before it is given',
  version: (version: number) =>
    `raise \`version\` to ${version + 1} and give \`upcast: { ${version}: (old) => … }\`, or keep the field as it was`,
  grow: (version: number) => `versions only grow; the next one is ${version + 1}`,
  upcast: (version: number) => `add ${version} to \`upcast\``,
} as const;
