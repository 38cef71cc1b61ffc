export { postgresEventStore } from './postgres-event-store.ts';
export type { ProjectionTable } from './projection-table.ts';
export type { Projector } from './projector.ts';
export { forgetSubject } from './seal-messages.ts';
