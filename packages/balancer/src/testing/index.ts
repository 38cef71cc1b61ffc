export type { StaticInstances } from '../static-instances.ts';
export { staticInstance, staticInstances } from '../static-instances.ts';
export type { InstanceListUnderTest } from './instance-list-contract.ts';
export { instanceListContract, testInstance } from './instance-list-contract.ts';
export type { Reference } from './reference-balancers.ts';
export { referenceBalancer } from './reference-balancers.ts';
export type { SimulatedTools, Simulation, SimulationResult } from './simulation.ts';
export { simulateBalancing } from './simulation.ts';
