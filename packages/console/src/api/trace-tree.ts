import type { SpanView } from '../contract.ts';
import type { StoredSpan } from '../store/telemetry-store.port.ts';

interface Node {
  readonly span: StoredSpan;
  readonly orphan: boolean;
  readonly children: Node[];
}

/**
 * A trace's spans in tree order: a span, then its children by their start. Spans whose parent was not received stand
 * at the top, so do members of a cycle that broken senders may build.
 */
export function traceTree(spans: readonly StoredSpan[]): SpanView[] {
  const sorted = [...spans].sort((a, b) => a.startUs - b.startUs);
  const roots = grow(sorted);
  const startUs = sorted[0]?.startUs ?? 0;
  const critical = criticalPath(roots);
  const rows: SpanView[] = [];
  const stack = roots.map((node) => ({ node, depth: 0 })).reverse();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, depth } = next;
    rows.push(view(node, depth, startUs, critical.has(node)));
    for (const child of [...node.children].reverse()) stack.push({ node: child, depth: depth + 1 });
  }
  return rows;
}

function grow(sorted: readonly StoredSpan[]): Node[] {
  const bySpanId = new Map<string, Node[]>();
  const nodes = sorted.map((span) => ({ span, orphan: false, children: [] as Node[] }));
  for (const node of nodes) bySpanId.set(node.span.spanId, [...(bySpanId.get(node.span.spanId) ?? []), node]);
  const parents = new Map<Node, Node>();
  const roots: Node[] = [];
  for (const node of nodes) {
    const parent = parentOf(node, bySpanId);
    if (parent === undefined || descends(parent, node, parents)) {
      roots.push(node.span.parentId === undefined ? node : Object.assign(node, { orphan: true }));
    } else {
      parents.set(node, parent);
      parent.children.push(node);
    }
  }
  return roots;
}

/** Zipkin's client and server may share a span id: the client is then the server's parent, the server the others'. */
function parentOf(node: Node, bySpanId: ReadonlyMap<string, readonly Node[]>): Node | undefined {
  const { span } = node;
  const twin = bySpanId.get(span.spanId)?.find((other) => other !== node && other.span.kind === 'client');
  if (twin !== undefined && span.kind === 'server') return twin;
  if (span.parentId === undefined) return undefined;
  const candidates = bySpanId.get(span.parentId)?.filter((other) => other !== node) ?? [];
  return (
    candidates.find((other) => other.span.service === span.service && other.span.kind === 'server') ?? candidates[0]
  );
}

function descends(node: Node, from: Node, parents: ReadonlyMap<Node, Node>): boolean {
  for (let at: Node | undefined = node; at !== undefined; at = parents.get(at)) if (at === from) return true;
  return false;
}

/**
 * The spans that decided how long the trace took: from the last end backwards, at each moment the child whose work,
 * with all that came of it, ended last before it. After CRISP (Zhang et al., USENIX ATC 2022) and Jaeger UI's critical
 * path; unlike there, a child that goes on after its parent, as a message's consumer does, counts with its own end.
 */
function criticalPath(roots: readonly Node[]): ReadonlySet<Node> {
  const ends = lastEnds(roots);
  const end = (node: Node) => ends.get(node) ?? 0;
  const latestFirst = (nodes: readonly Node[]) => [...nodes].sort((a, b) => end(b) - end(a));
  const path = new Set<Node>();
  const queue = latestFirst(roots).slice(0, 1);
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    path.add(node);
    let until = end(node);
    for (const child of latestFirst(node.children)) {
      if (end(child) > until) continue;
      queue.push(child);
      until = child.span.startUs;
    }
  }
  return path;
}

/** When each span and everything below it had ended. */
function lastEnds(roots: readonly Node[]): ReadonlyMap<Node, number> {
  const order: Node[] = [...roots];
  for (const node of order) order.push(...node.children); // grows while it is walked: parents before children
  const ends = new Map<Node, number>();
  for (const node of order.reverse()) {
    const below = node.children.map((child) => ends.get(child) ?? 0);
    ends.set(node, Math.max(node.span.startUs + node.span.durationUs, ...below));
  }
  return ends;
}

function view({ span, orphan }: Node, depth: number, startUs: number, critical: boolean): SpanView {
  return {
    spanId: span.spanId,
    ...(span.parentId === undefined ? {} : { parentId: span.parentId }),
    depth,
    orphan,
    service: span.service,
    instance: span.instance,
    operation: span.operation,
    kind: span.kind,
    offsetMs: (span.startUs - startUs) / 1_000,
    durationMs: span.durationUs / 1_000,
    failed: span.failed,
    ...(span.error === undefined ? {} : { error: span.error }),
    ...(span.code === undefined ? {} : { code: span.code }),
    ...(span.refusal === undefined ? {} : { refusal: span.refusal }),
    critical,
    attributes: { ...span.attributes },
    events: span.events.map(({ name, atUs, attributes }) => ({
      name,
      offsetMs: (atUs - startUs) / 1_000,
      attributes: { ...attributes },
    })),
  };
}
