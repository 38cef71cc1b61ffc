export type { MemorySink } from '../line-sink.ts';
export { memorySink } from '../line-sink.ts';
export { silentTelemetry } from '../silent-telemetry.ts';
export type { MemoryTelemetry } from './memory-telemetry.ts';
export { memoryTelemetry } from './memory-telemetry.ts';
