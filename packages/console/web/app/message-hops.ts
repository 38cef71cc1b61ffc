import type { SpanView } from '../../src/contract.ts';

/**
 * A flow over messages is a chain: each receipt is a child of the transaction that sent the message, so that a saga of ten
 * messages stands twenty levels deep. For reading, each receipt is shown below the root, at the time when it happened, with
 * its own work below it; everything else stays where it is.
 */
export function unrollMessageHops(spans: readonly SpanView[]): readonly SpanView[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentId }) => parentId === undefined || !ids.has(parentId));
  const home = roots[0];
  if (home === undefined) return spans;
  const children = new Map<string, SpanView[]>();
  for (const span of spans) {
    if (roots.includes(span) || span.parentId === undefined) continue;
    const parent = span.kind === 'consumer' ? home.spanId : span.parentId;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const ordered: SpanView[] = [];
  const place = (span: SpanView, depth: number): void => {
    ordered.push({ ...span, depth });
    const below = [...(children.get(span.spanId) ?? [])].sort((a, b) => a.offsetMs - b.offsetMs);
    for (const child of below) place(child, depth + 1);
  };
  for (const root of roots) place(root, 0);
  return ordered.length === spans.length ? ordered : spans;
}

/** An operation beside its service's name, which need not be said twice: `order.place` of `order` is `place`. */
export function shortOperation({ service, operation }: Pick<SpanView, 'service' | 'operation'>): string {
  const rest = operation.startsWith(service) ? operation.slice(service.length) : '';
  return /^[. ]\S/.test(rest) ? rest.slice(1) : operation;
}
