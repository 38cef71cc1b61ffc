// Ten instances, 1 000 calls a second. After ten seconds one of them becomes bad, for half a minute. What does each rule make of it?
// Virtual time: the minute is over in a tenth of a second, and every run gives the same table.
import type { Balancer, Rule } from '@dure/balancer';
import {
  availabilityFiltering,
  leastRequest,
  peakEwma,
  randomChoice,
  roundRobin,
  weighted,
  weightedResponseTime,
} from '@dure/balancer';
import type { SimulatedTools } from '@dure/balancer/testing';
import { referenceBalancer, simulateBalancing } from '@dure/balancer/testing';

const contenders: readonly (readonly [string, Rule | ((tools: SimulatedTools) => Balancer)])[] = [
  ['round robin (Spring Cloud LoadBalancer)', roundRobin()],
  ['random', randomChoice()],
  ['weighted', weighted()],
  ['availability filtering (Ribbon)', availabilityFiltering()],
  ['weighted response time', weightedResponseTime()],
  ['least request of two, plain (Envoy)', referenceBalancer('P2C least request')],
  ['peak-EWMA of two (Finagle)', referenceBalancer('P2C peak-EWMA (Finagle)')],
  ['peak-EWMA + 5 s penalty (Linkerd)', referenceBalancer('P2C peak-EWMA + 5 s penalty (Linkerd)')],
  ['leastRequest (Dure)', leastRequest()],
  ['peakEwma (Dure, the default)', peakEwma()],
];

const head = ['', 'slow: its share', 'p99.9', 'back after', 'fails fast: errors', 'back after'];
const rows = contenders.map(([name, balance]) => {
  const slow = simulateBalancing({ balance, seed: 1, bad: { kind: 'slow', afterMs: 500 } });
  const failing = simulateBalancing({ balance, seed: 1, bad: { kind: 'failing', afterMs: 1 } });
  return [
    name,
    percent(slow.share),
    `${slow.p999Ms.toFixed(0)} ms`,
    seconds(slow.recoveryMs),
    percent(failing.errorRate),
    seconds(failing.recoveryMs),
  ];
});
const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
for (const row of [head, ...rows]) {
  const cells = row.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
  );
  process.stdout.write(`${cells.join('   ')}\n`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(2)} s` : 'never';
}
