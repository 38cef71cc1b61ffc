export type { JvmProgram } from './jvm-program.ts';
export { buildJvm, startJvm, whyNoJvm } from './jvm-program.ts';
export type { RunningRegistry } from './start-registry.ts';
export { startRegistry } from './start-registry.ts';
