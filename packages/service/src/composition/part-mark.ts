import type { FallbackNote, JsonSchema } from '@dure/core';

/** What became of a part of a page; an answer says it of every part, so that no partial answer looks whole. */
export type PartMark =
  /** As its service answered. */
  | { readonly status: 'whole' }
  /** Nobody asked for it: there was nothing to ask. */
  | { readonly status: 'skipped' }
  /** Something stood in for it, in whole or in part. */
  | { readonly status: 'fallback'; readonly kind: FallbackNote['kind']; readonly ageS?: number }
  /** Some of its answers are absent. */
  | { readonly status: 'partial'; readonly absent: number; readonly of: number; readonly problem: PartProblem }
  /** It is absent. */
  | { readonly status: 'absent'; readonly problem: PartProblem };

/** Why a part is absent: a problem (RFC 9457) that names nothing of the inside. */
export interface PartProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** The code of the refusal, when its service refused. */
  readonly refusal?: string;
}

/** The field of an answer that says what became of its parts. */
export interface Marked<Name extends PropertyKey> {
  readonly parts: { readonly [N in Name]: PartMark };
}

/** The mark of a part as JSON Schema 2020-12. */
export const partMarkSchema: JsonSchema = {
  type: 'object',
  required: ['status'],
  properties: {
    status: { enum: ['whole', 'skipped', 'fallback', 'partial', 'absent'] },
    kind: { enum: ['value', 'function', 'last-good'], description: 'What stood in.' },
    ageS: { type: 'integer', description: 'How old what stood in is, in seconds.' },
    absent: { type: 'integer', description: 'How many of its answers are absent.' },
    of: { type: 'integer', description: 'How many there should be.' },
    problem: {
      type: 'object',
      required: ['type', 'title', 'status'],
      properties: {
        type: { type: 'string' },
        title: { type: 'string' },
        status: { type: 'integer' },
        refusal: { type: 'string' },
      },
    },
  },
};
