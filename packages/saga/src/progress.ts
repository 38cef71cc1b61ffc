import type { StepRecord } from './instance.ts';
import { isUnderWay } from './instance.ts';
import type { EachNode, SagaFailure, SagaNode, WhenNode } from './saga.ts';

/** What a saga that moves forward does next. */
export type Progress =
  | { readonly kind: 'passed' }
  /** Something is under way. */
  | { readonly kind: 'waits' }
  | { readonly kind: 'begins'; readonly paths: readonly string[] }
  | { readonly kind: 'decides'; readonly node: WhenNode | EachNode }
  /** A fan-out has what it needs; what of it is unknown is taken back. */
  | { readonly kind: 'takes-back'; readonly paths: readonly string[] }
  | { readonly kind: 'fails'; readonly path: string }
  | { readonly kind: 'gives-up'; readonly why: SagaFailure };

type Find = (path: string) => StepRecord | undefined;

const passed: Progress = { kind: 'passed' };
const waits: Progress = { kind: 'waits' };

/**
 * Where an instance stands is not stored anywhere: it follows from the records that there are, by their names. That is what
 * lets definitions be drawn, and instances be read by an eye.
 */
export function progressOf(nodes: readonly SagaNode[], find: Find): Progress {
  for (const node of nodes) {
    const progress = nodeProgress(node, find);
    if (progress.kind !== 'passed') return progress;
  }
  return passed;
}

function nodeProgress(node: SagaNode, find: Find): Progress {
  switch (node.node) {
    case 'parallel': {
      const paths = node.branches.map(({ name }) => `${node.name}.${name}`);
      return groupProgress({ paths, needed: paths.length, most: paths.length }, find);
    }
    case 'each': {
      const chosen = find(node.name);
      if (chosen === undefined || !('items' in chosen)) return { kind: 'decides', node };
      const paths = chosen.items.map((_, index) => `${node.name}.${index}`);
      const needed = node.join === 'all' ? paths.length : Math.min(node.join, paths.length);
      return groupProgress({ paths, needed, most: node.most }, find);
    }
    case 'repeated':
      return passed; // a decider says what becomes of it
    case 'when': {
      const chosen = find(node.name);
      if (chosen?.state !== 'chosen' || !('result' in chosen)) return { kind: 'decides', node };
      return progressOf(chosen.result ? node.yes : node.no, find);
    }
    default:
      return groupProgress({ paths: [node.name], needed: 1, most: 1 }, find);
  }
}

interface Group {
  readonly paths: readonly string[];
  /** How many must succeed. */
  readonly needed: number;
  /** How many may be under way at once. */
  readonly most: number;
}

function groupProgress({ paths, needed, most }: Group, find: Find): Progress {
  const records = paths.flatMap((path) => find(path) ?? []);
  const done = records.filter(({ state }) => state === 'done');
  const underWay = records.filter(isUnderWay);
  const failed = records.filter((record) => record.state !== 'done' && !isUnderWay(record));
  const enough = done.length >= needed;
  const hopeless = paths.length - failed.length < needed;
  if (!enough && !hopeless) {
    const next = paths.filter((path) => find(path) === undefined).slice(0, Math.max(most - underWay.length, 0));
    if (next.length > 0) return { kind: 'begins', paths: next };
  }
  if (underWay.length > 0) return waits;
  if (!enough) return { kind: 'fails', path: firstOf(failed) };
  const unknown = records.flatMap(({ state, step }) => (state === 'unknown' ? [step] : []));
  return unknown.length > 0 ? { kind: 'takes-back', paths: unknown } : passed;
}

/** The one that failed first. */
function firstOf(records: readonly StepRecord[]): string {
  const [first] = records.toSorted((a, b) => orderOf(a) - orderOf(b));
  return first?.step ?? '';
}

function orderOf(record: StepRecord): number {
  return 'order' in record && record.order !== undefined ? record.order : 0;
}
