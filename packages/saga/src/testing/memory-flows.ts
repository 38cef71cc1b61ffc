import type { FlowSighting, FlowStore } from '../flow-store.port.ts';

type Row = Omit<FlowSighting, 'ends'> & { readonly ended: boolean; readonly told: boolean };

/** Instances of flows in memory, without transactions. */
export function memoryFlows(): FlowStore<unknown> {
  const rows = new Map<string, Row>();
  return {
    async see(_tx, { ends, ...seen }) {
      const name = `${seen.flow} ${seen.correlation}`;
      const known = rows.get(name);
      const latest = known !== undefined && known.lastAt > seen.lastAt ? known : seen;
      const dueAt = known?.dueAt ?? seen.dueAt;
      rows.set(name, {
        ...seen,
        lastEvent: latest.lastEvent,
        lastAt: latest.lastAt,
        ...(dueAt === undefined ? {} : { dueAt }),
        ended: ends || known?.ended === true,
        told: known?.told === true,
      });
    },
    async stalled(_tx, now, limit) {
      const late = [...rows].filter(
        ([, { dueAt, ended, told }]) => dueAt !== undefined && dueAt <= now && !ended && !told,
      );
      return late.slice(0, limit).map(([name, row]) => {
        rows.set(name, { ...row, told: true });
        const { flow, correlation, lastEvent, lastAt } = row;
        return { flow, correlation, lastEvent, lastAt };
      });
    },
    async forget(_tx, before) {
      for (const [name, { lastAt, ended, told }] of rows) if (lastAt < before && (ended || told)) rows.delete(name);
    },
  };
}
