export { postgresEventStore } from './postgres-event-store.ts';
export type { ProjectionTable } from './projection-table.ts';
export type { Projector, ProjectorOptions } from './projector.ts';
export { openProjector } from './projector.ts';
