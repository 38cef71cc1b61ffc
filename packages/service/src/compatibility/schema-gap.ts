import type { SchemaNode } from './normal-schema.ts';

/** Something that may be written and that is not read. */
export interface SchemaGap {
  /** `lines[].sku`; empty for the whole. */
  readonly path: string;
  readonly rule: 'absent' | 'renamed' | 'refused' | 'type' | 'value' | 'limit' | 'pattern' | 'format' | 'incomparable';
  /** What may come, in few words. */
  readonly written: string;
  /** What is taken, in few words. */
  readonly read: string;
}

/** Compares two places of the two schemas. */
export type Compare = (written: SchemaNode, read: SchemaNode, path: string) => readonly SchemaGap[];
