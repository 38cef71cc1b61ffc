export type { StaticInstances } from '../static-instances.ts';
export { staticInstance, staticInstances } from '../static-instances.ts';
export type { InstanceListUnderTest } from './instance-list-contract.ts';
export { instanceListContract, testInstance } from './instance-list-contract.ts';
