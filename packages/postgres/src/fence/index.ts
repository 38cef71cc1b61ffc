export type { FenceVariant, LogProof, ProofEvent, ProveLogOptions } from './prove-log.ts';
export { proveLog } from './prove-log.ts';
export type { Crowd, ServerFacts, ServerWarning } from './server-facts.ts';
export type { StressProgress, StressReport } from './stress.ts';
