import type { ConfigSourceResource } from '@dure/config/client';
import { kubernetesErrors } from './errors.ts';
import { inCluster } from './in-cluster.ts';
import { kubernetesConfigHints } from './kubernetes-config-hints.ts';
import { kubernetesConfigSource } from './kubernetes-config-source.ts';
import type { KubernetesAccess } from './transport.ts';
import { kubernetesApi } from './transport.ts';

/** Which objects the services of a system read, as the system names them. */
export interface KubernetesConfig {
  /** Names of ConfigMaps, a later one before an earlier one; `{service}` stands for the service's name. */
  readonly configMaps?: readonly string[];
  /** Names of Secrets, all before the ConfigMaps. */
  readonly secrets?: readonly string[];
  /** Default: the pod's own. */
  readonly namespace?: string;
  /** Default: the pod's service account. */
  readonly access?: KubernetesAccess;
}

/** RFC 1123, as the API server demands it of names. */
const name = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * ConfigMaps and Secrets as a source of a system's services, which they read for themselves by the service accounts of their
 * pods. KUBERNETES_CONFIG_INVALID for names that no object has; a service that runs in no pod does not start:
 * KUBERNETES_NOT_IN_CLUSTER.
 *
 * @example
 * system('shop', { config: { from: './config', sources: [kubernetesConfig({ configMaps: ['{service}'], secrets: ['{service}'] })] }, … })
 */
export function kubernetesConfig(options: KubernetesConfig): ConfigSourceResource {
  const { configMaps = [], secrets = [], namespace } = options;
  if (configMaps.length + secrets.length === 0)
    throw kubernetesErrors.CONFIG_INVALID(
      'kubernetesConfig names neither `configMaps` nor `secrets`; name an object: kubernetesConfig({ configMaps: ["{service}"] })',
    );
  const named = (names: readonly string[], service: string) =>
    names.map((each) => each.replaceAll('{service}', service));
  for (const [index, each] of named([...configMaps, ...secrets], 'service').entries()) {
    if (name.test(each)) continue;
    const given = [...configMaps, ...secrets][index];
    throw kubernetesErrors.CONFIG_INVALID(
      `kubernetesConfig names the object "${given}"; expected lower-case letters, digits, hyphens and dots, and \`{service}\` where the service's name belongs`,
      { details: { name: given } },
    );
  }
  return {
    kind: 'kubernetes',
    async open({ service, clock, random }) {
      const access = options.access ?? (await inCluster());
      const objects = {
        api: kubernetesApi(access),
        namespace: namespace ?? (await inCluster()).namespace,
        configMaps: named(configMaps, service),
        secrets: named(secrets, service),
        clock,
      };
      return { source: kubernetesConfigSource(objects), hints: kubernetesConfigHints({ ...objects, random }) };
    },
  };
}
