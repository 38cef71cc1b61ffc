export type { JobsUnderTest } from './job-store-contract.ts';
export { jobStoreContract } from './job-store-contract.ts';
export { memoryJobs } from './memory-jobs.ts';
