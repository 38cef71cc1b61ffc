export { jobsErrors } from './errors.ts';
export type { Chunk, Job, JobContext, JobSpec } from './job.ts';
export { job } from './job.ts';
export type { JobRunner, JobRunnerOptions } from './job-runner.ts';
export { jobRunner } from './job-runner.ts';
export type { JobLease, JobRun, JobState, JobStore, Stepped } from './job-store.port.ts';
export type { Periods, Schedule } from './schedule.ts';
