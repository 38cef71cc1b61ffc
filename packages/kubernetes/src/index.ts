export type {
  KubernetesEvent,
  KubernetesInstances,
  KubernetesInstancesOptions,
  WatchedService,
} from './endpoint-slices.ts';
export { openKubernetesInstances } from './endpoint-slices.ts';
export { kubernetesErrors } from './errors.ts';
export type { KubernetesAccess, KubernetesApi } from './transport.ts';
export { inCluster, kubernetesApi } from './transport.ts';
