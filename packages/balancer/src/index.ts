export type { Instance, InstanceList } from './instance-list.port.ts';
