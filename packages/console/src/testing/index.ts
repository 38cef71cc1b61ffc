export { memoryTelemetryStore } from '../store/memory-telemetry-store.ts';
export type { RunConsoleOptions, RunningConsole } from './run-console.ts';
export { runConsole } from './run-console.ts';
export type { OpenStore } from './telemetry-store-contract.ts';
export { telemetryStoreContract, testLog, testSpan } from './telemetry-store-contract.ts';
