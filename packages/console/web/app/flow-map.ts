/** Who called whom, and how often. */
export interface FlowEdge {
  readonly from: string;
  readonly to: string;
  readonly calls: number;
  readonly errors: number;
}

/** A service on the map: `column` counts from the callers on the left, `row` from the top of its column. */
export interface FlowNode {
  readonly service: string;
  readonly column: number;
  readonly row: number;
}

/** The map of the observed traffic. */
export interface FlowMap {
  readonly nodes: readonly FlowNode[];
  readonly columns: number;
  /** Services in the fullest column. */
  readonly rows: number;
}

/**
 * Lays services out in columns, callers left of the called: each stands one column right of its leftmost-possible
 * callers (longest path); an edge that closes a circle does not count. Within a column they stand near their callers
 * (barycentre, Sugiyama 1981).
 */
export function flowMap(services: readonly string[], edges: readonly FlowEdge[]): FlowMap {
  const names = [...new Set([...services, ...edges.flatMap(({ from, to }) => [from, to])])].sort();
  const callers = callersWithoutCircles(names, edges);
  const columnOf = new Map<string, number>();
  const column = (name: string): number => {
    const known = columnOf.get(name);
    if (known !== undefined) return known;
    const value = Math.max(-1, ...(callers.get(name) ?? []).map(column)) + 1;
    columnOf.set(name, value);
    return value;
  };
  const columns: string[][] = [];
  for (const name of names) {
    const index = column(name);
    columns[index] = [...(columns[index] ?? []), name];
  }
  const nodes: FlowNode[] = [];
  for (const [index, members] of columns.entries()) {
    const rank = (name: string) => meanRow(callers.get(name) ?? [], nodes);
    const ordered = [...members].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
    for (const [row, service] of ordered.entries()) nodes.push({ service, column: index, row });
  }
  return { nodes, columns: columns.length, rows: Math.max(0, ...columns.map((members) => members.length)) };
}

/** Depth first from every service, along the busiest edge first; an edge back to one that is still open is left out. */
function callersWithoutCircles(names: readonly string[], edges: readonly FlowEdge[]): Map<string, string[]> {
  const callers = new Map<string, string[]>();
  const state = new Map<string, 'open' | 'done'>();
  const busiestFirst = [...edges].sort((a, b) => b.calls - a.calls);
  const called = new Set(edges.filter(({ from, to }) => from !== to).map(({ to }) => to));
  const visit = (name: string): void => {
    state.set(name, 'open');
    for (const { from, to } of busiestFirst) {
      if (from !== name || to === name || state.get(to) === 'open') continue;
      callers.set(to, [...(callers.get(to) ?? []), name]);
      if (!state.has(to)) visit(to);
    }
    state.set(name, 'done');
  };
  const rootsFirst = [...names].sort((a, b) => Number(called.has(a)) - Number(called.has(b)));
  for (const name of rootsFirst) if (!state.has(name)) visit(name);
  return callers;
}

function meanRow(callers: readonly string[], placed: readonly FlowNode[]): number {
  const rows = placed.filter(({ service }) => callers.includes(service)).map(({ row }) => row);
  return rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + row, 0) / rows.length;
}
