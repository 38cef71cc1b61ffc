import type { ConfigFollower, ConfigHints } from '@dure/config/client';
import type { Random } from '@dure/core';
import type { Watched } from './collection-watch.ts';
import { CollectionWatch } from './collection-watch.ts';
import type { ConfigObject, KubernetesConfigOptions } from './config-object.ts';
import { collectionPath, configObjects } from './config-object.ts';
import { kubernetesErrors } from './errors.ts';
import { recordOf, textOf } from './slice.ts';

/** Options of `kubernetesConfigHints`: those of the source, and what a watch needs besides. */
export interface KubernetesHintsOptions extends KubernetesConfigOptions {
  readonly random: Random;
  /** Is told of each watch that broke off, to be taken up again; meanwhile the objects are read every few seconds. */
  readonly observe?: (event: ConfigObjectUnwatched) => void;
}

/** An object is not watched at the moment. */
export interface ConfigObjectUnwatched {
  /** `secret shop/order` */
  readonly object: string;
  readonly error: unknown;
  readonly againInMs: number;
}

/**
 * Hints by watches of the ConfigMaps and Secrets that are named, so that a change is read at once; a watch that breaks off is resumed
 * from the last version seen, and begun anew when the server has forgotten that. Needs list and watch on them, which a role may
 * grant by `resourceNames`.
 *
 * @example
 * const objects = { api, namespace: 'shop', configMaps: ['order'], clock, random };
 * const sources = [kubernetesConfigSource(objects)];
 * await using watch = await watchConfig({ sections, service: 'order', profiles, sources, clock, random, hints: kubernetesConfigHints(objects) });
 */
export function kubernetesConfigHints(options: KubernetesHintsOptions): ConfigHints {
  return {
    follow(follower) {
      const watches = configObjects(options).map((object) => watchObject(object, options, follower));
      return {
        get isOpen() {
          return watches.every(({ isFollowing }) => isFollowing);
        },
        tell: () => undefined,
        async close() {
          await Promise.all(watches.map((watch) => watch.close()));
        },
      };
    },
  };
}

function watchObject(
  object: ConfigObject,
  { namespace, api, clock, random, answerWithinMs = 5_000, observe }: KubernetesHintsOptions,
  { hinted, unhinted }: Pick<ConfigFollower, 'hinted' | 'unhinted'>,
): CollectionWatch<Watched> {
  const selector = encodeURIComponent(`metadata.name=${object.name}`);
  const where = `${object.kind} ${namespace}/${object.name}`;
  return new CollectionWatch({
    api,
    clock,
    random,
    path: `${collectionPath(object, namespace)}?fieldSelector=${selector}`,
    answerWithinMs,
    decode: (value) => versionOf(value, where),
    changed: () => hinted(),
    failed(error, againInMs) {
      unhinted();
      observe?.({ object: where, error, againInMs });
    },
  });
}

/** Nothing of what is in it is kept: it may be a Secret. */
function versionOf(value: unknown, where: string): Watched {
  const { name, resourceVersion } = recordOf(recordOf(value).metadata);
  if (typeof name !== 'string')
    throw kubernetesErrors.ANSWER_INVALID(`the watch of ${where} brought no object with a name`);
  return { name, resourceVersion: textOf(resourceVersion) ?? '' };
}
