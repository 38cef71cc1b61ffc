export { postgresEventStore } from './postgres-event-store.ts';
