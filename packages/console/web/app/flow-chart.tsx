import type { JSX } from 'preact';
import type { OverviewView } from '../../src/contract.ts';
import { formatDuration, formatRate } from '../design/format.ts';
import { usePreferences } from '../design/use-preferences.ts';
import type { FlowEdge, FlowNode } from './flow-map.ts';
import { flowMap } from './flow-map.ts';
import { useMessages } from './use-messages.ts';

const [nodeWidth, nodeHeight, columnGap, rowGap, margin] = [136, 46, 56, 18, 4];

/** The observed traffic between services as a map, callers on the left; the same in words for a screen reader. */
export function FlowChart({ overview, colours }: FlowChartProps): JSX.Element {
  const m = useMessages();
  const edges = overview.edges.filter(({ from, to }) => from !== to);
  const { nodes, columns, rows } = flowMap([], edges);
  const place = nodePlaces(nodes, rows);
  const width = columns * (nodeWidth + columnGap) - columnGap + 2 * margin;
  const height = rows * (nodeHeight + rowGap) - rowGap + 2 * margin;
  return (
    <section class="panel flow" aria-labelledby="flow-title">
      <h2 id="flow-title">{m.flowTitle}</h2>
      <p class="note-small">{m.flowHint}</p>
      {nodes.length === 0 ? (
        <p class="faint">{m.noTraffic}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
        <section class="flow-scroll" tabIndex={0} aria-label={m.flowHint}>
          <svg
            viewBox={`0 0 ${width} ${height}`}
            style={{ minWidth: `${width * 0.8}px`, maxWidth: `${width * 1.25}px` }}
            aria-hidden="true"
          >
            {edges.map((edge) => (
              <Edge key={`${edge.from} ${edge.to}`} edge={edge} place={place} />
            ))}
            {nodes.map(({ service }) => (
              <Node key={service} service={service} overview={overview} place={place} colour={colours.get(service)} />
            ))}
          </svg>
          <EdgeWords edges={edges} />
        </section>
      )}
    </section>
  );
}

export interface FlowChartProps {
  readonly overview: OverviewView;
  readonly colours: ReadonlyMap<string, string>;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

function Node({ service, overview, place, colour }: NodeProps): JSX.Element | null {
  const { language } = usePreferences();
  const spot = place.get(service);
  const traffic = overview.services.find((one) => one.service === service);
  if (spot === undefined) return null;
  const rate = traffic === undefined ? '' : formatRate(traffic.ratePerSecond, language);
  const p95 = traffic?.p95Ms === undefined ? '' : ` · ${formatDuration(traffic.p95Ms)}`;
  return (
    <g transform={`translate(${spot.x} ${spot.y})`}>
      <rect class="flow-node" width={nodeWidth} height={nodeHeight} rx="8" />
      <rect x="10" y="11" width="4" height={nodeHeight - 22} rx="2" fill={colour ?? 'var(--line-strong)'} />
      <text class="flow-name" x="23" y="20">
        {service}
      </text>
      <text class="flow-rate" x="23" y="35">
        {rate}
        {p95}
      </text>
    </g>
  );
}

interface NodeProps {
  readonly service: string;
  readonly overview: OverviewView;
  readonly place: ReadonlyMap<string, Spot>;
  readonly colour: string | undefined;
}

function Edge({
  edge,
  place,
}: {
  readonly edge: FlowEdge;
  readonly place: ReadonlyMap<string, Spot>;
}): JSX.Element | null {
  const [from, to] = [place.get(edge.from), place.get(edge.to)];
  if (from === undefined || to === undefined) return null;
  const back = to.x <= from.x;
  return (
    <path
      class={edge.errors > 0 ? 'flow-edge is-bad' : 'flow-edge'}
      d={back ? backPath(from, to) : forwardPath(from, to)}
      stroke-width={1 + Math.min(3, Math.log10(1 + edge.calls) * 0.7)}
      stroke-dasharray={back ? '4 4' : undefined}
    />
  );
}

function forwardPath(from: Spot, to: Spot): string {
  const [x1, y1, x2, y2] = [from.x + nodeWidth, from.y + nodeHeight / 2, to.x, to.y + nodeHeight / 2];
  const bend = Math.max(28, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** An answer to a caller further left: dashed, from below to below. */
function backPath(from: Spot, to: Spot): string {
  const [x1, y1, x2, y2] = [from.x + nodeWidth / 2, from.y + nodeHeight, to.x + nodeWidth / 2, to.y + nodeHeight];
  return `M${x1} ${y1}C${x1} ${y1 + 34} ${x2} ${y2 + 34} ${x2} ${y2}`;
}

function EdgeWords({ edges }: { readonly edges: readonly FlowEdge[] }): JSX.Element {
  const m = useMessages();
  return (
    <ul class="hidden">
      {edges.map(({ from, to, calls, errors }) => (
        <li key={`${from} ${to}`}>{m.flowEdge(from, to, m.calls(calls), m.errors(errors))}</li>
      ))}
    </ul>
  );
}

/** Columns are centred, so that a single caller stands in the middle of those it calls. */
function nodePlaces(nodes: readonly FlowNode[], rows: number): ReadonlyMap<string, Spot> {
  const perColumn = new Map<number, number>();
  for (const { column } of nodes) perColumn.set(column, (perColumn.get(column) ?? 0) + 1);
  return new Map(
    nodes.map(({ service, column, row }) => {
      const shift = ((rows - (perColumn.get(column) ?? rows)) * (nodeHeight + rowGap)) / 2;
      return [
        service,
        { x: margin + column * (nodeWidth + columnGap), y: margin + shift + row * (nodeHeight + rowGap) },
      ];
    }),
  );
}
