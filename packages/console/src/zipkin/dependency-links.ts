import type { StoredSpan } from '../store/telemetry-store.port.ts';

/** How often one service called another. */
export interface DependencyLink {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
  readonly errorCount?: number;
}

interface Node {
  readonly span: StoredSpan;
  parent: Node | undefined;
  readonly children: Node[];
}

/** Adds up links over traces. */
export interface LinkCounter {
  add(spans: readonly StoredSpan[]): void;
  links(): readonly DependencyLink[];
}

/** The links between services as Zipkin computes them (openzipkin/zipkin, `DependencyLinker`), trace by trace. */
export function linkCounter(): LinkCounter {
  const counts = new Map<string, { parent: string; child: string; callCount: number; errorCount: number }>();
  const count = (parent: string, child: string, isError: boolean) => {
    const key = `${parent}\u0000${child}`;
    const link = counts.get(key) ?? { parent, child, callCount: 0, errorCount: 0 };
    link.callCount += 1;
    if (isError) link.errorCount += 1;
    counts.set(key, link);
  };
  return {
    add(spans) {
      for (const node of grow(spans)) visit(node, count);
    },
    links: () =>
      [...counts.values()].map(({ errorCount, ...link }) => (errorCount === 0 ? link : { ...link, errorCount })),
  };
}

function visit(node: Node, count: (parent: string, child: string, isError: boolean) => void): void {
  const { span } = node;
  const own = span.service.toLowerCase();
  const remote = span.remoteService?.toLowerCase();
  if (span.kind === 'client' && node.children.length > 0) return; // the server's side reports the call
  if (span.kind === 'internal' && remote === undefined) return;
  const kind = span.kind === 'internal' ? 'client' : span.kind;
  const answers = kind === 'server' || kind === 'consumer';
  let parent = answers ? remote : own;
  const child = answers ? own : remote;
  if (kind === 'server' && node.parent === undefined && remote === undefined) return;
  if (kind === 'producer' || kind === 'consumer') {
    if (parent !== undefined && child !== undefined) count(parent, child, span.failed);
    return;
  }
  const ancestor = ancestorWithKind(node);
  if (ancestor !== undefined) {
    const above = ancestor.span.service.toLowerCase();
    if (kind === 'client' && above !== own) count(above, own, false);
    if (kind === 'server' || parent === undefined) parent = above;
  }
  const failed = span.failed || (node.parent?.span.kind === 'client' && node.parent.span.failed);
  if (parent !== undefined && child !== undefined) count(parent, child, failed);
}

function ancestorWithKind(node: Node): Node | undefined {
  let at = node.parent;
  for (let steps = 0; at !== undefined && steps < 10_000; steps += 1) {
    if (at.span.kind !== 'internal') return at;
    at = at.parent;
  }
  return undefined;
}

/** The nodes, linked; client and server that share an id are parent and child. */
function grow(spans: readonly StoredSpan[]): readonly Node[] {
  const nodes = spans.map((span): Node => ({ span, parent: undefined, children: [] }));
  const clients = new Map<string, Node>();
  const others = new Map<string, Node>();
  for (const node of nodes) (node.span.kind === 'client' ? clients : others).set(node.span.spanId, node);
  for (const node of nodes) {
    const { span } = node;
    const twin = span.kind === 'server' ? clients.get(span.spanId) : undefined;
    const above = span.parentId === undefined ? undefined : (others.get(span.parentId) ?? clients.get(span.parentId));
    const parent = twin ?? above;
    if (parent === undefined || parent === node) continue;
    node.parent = parent;
    parent.children.push(node);
  }
  return nodes;
}
