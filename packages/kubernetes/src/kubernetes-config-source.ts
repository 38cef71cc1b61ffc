import type { ConfigLayer, ConfigSource, ConfigTarget, LoadedLayers } from '@dure/config/client';
import { configErrors } from '@dure/config/client';
import type { Properties, Property } from '@dure/config/properties';
import { activeDocuments, candidateFiles, readDocuments } from '@dure/config/properties';
import { isDureError } from '@dure/core';
import type { ConfigObject, KubernetesConfigOptions } from './config-object.ts';
import { collectionPath, configObjects } from './config-object.ts';
import { kubernetesErrors } from './errors.ts';
import { patience } from './patience.ts';
import { recordOf } from './slice.ts';

const fileName = /\.(?:properties|ya?ml)$/;

/**
 * The `configmap` and `secret` layers: what lies in objects of Kubernetes. An entry `application.yml`, `order.yml`,
 * `order-prod.properties`, … is a file with Spring's precedence; any other entry, `max-lines` or `payment.url`, is one key, before the files of its
 * object. Whatever comes from a Secret is masked, whatever the schema says. An object that does not exist is a warning; CONFIG_FILE_INVALID
 * for a file that is broken, KUBERNETES_REFUSED and KUBERNETES_UNREACHABLE when the server does not answer: a watch goes on with what it
 * has. Needs get on the `configmaps` and `secrets` that are named. It is read every few
 * seconds; at once with `kubernetesConfigHints`.
 *
 * @example
 * const api = kubernetesApi(await inCluster());
 * const source = kubernetesConfigSource({ api, namespace: 'shop', configMaps: ['shop', 'order'], secrets: ['order'], clock });
 */
export function kubernetesConfigSource(options: KubernetesConfigOptions): ConfigSource {
  const objects = configObjects(options);
  return {
    async load(target, signal) {
      const loaded = await Promise.all(objects.map((object) => load(object, options, target, signal)));
      return {
        layers: loaded.flatMap(({ layers }) => layers),
        warnings: loaded.flatMap(({ warnings }) => warnings),
      };
    },
  };
}

async function load(
  object: ConfigObject,
  options: KubernetesConfigOptions,
  target: ConfigTarget,
  signal: AbortSignal | undefined,
): Promise<LoadedLayers> {
  const { namespace } = options;
  const where = `${object.kind} ${namespace}/${object.name}`;
  const path = `${collectionPath(object, namespace)}/${encodeURIComponent(object.name)}`;
  const answer = await get(path, options, signal ?? new AbortController().signal);
  if (answer === undefined) return { layers: [], warnings: [`there is no ${where}`] };
  const entries = entriesOf(object, answer);
  const files: ConfigLayer[] = [];
  const wanted = [...candidateFiles({ names: [target.service], profiles: target.profiles }, [''])];
  for (const file of wanted.reverse()) {
    const bytes = entries.get(file);
    if (bytes === undefined) continue;
    const { documents, problem } = await readDocuments(`${where}/${file}`, bytes);
    if (documents === undefined)
      throw configErrors.FILE_INVALID(problem.message, { details: { file, place: problem.place } });
    const active = activeDocuments(`${where}/${file}`, documents, new Set(target.profiles));
    files.push(...active.toReversed().map(({ file: source, properties }) => layerOf(object, source, properties)));
  }
  const single = new Map<string, Property>();
  for (const [key, bytes] of entries)
    if (!fileName.test(key)) single.set(key, { value: new TextDecoder().decode(bytes), place: `${where}/${key}` });
  return { layers: single.size === 0 ? files : [...files, layerOf(object, where, single)], warnings: [] };
}

function layerOf({ kind }: ConfigObject, source: string, properties: Properties): ConfigLayer {
  const values =
    kind === 'secret'
      ? new Map([...properties].map(([key, property]) => [key, { ...property, isSecret: true }]))
      : properties;
  // Objects are shared by several applications more often than not: a key that this one does not know is not its mistake.
  return { layer: kind, source, values, isShared: true, isJoined: false };
}

function entriesOf({ kind }: ConfigObject, answer: unknown): ReadonlyMap<string, Uint8Array> {
  const { data, binaryData } = recordOf(answer);
  const texts = Object.entries(recordOf(data)).map(([key, value]) => {
    return [key, Buffer.from(String(value), kind === 'secret' ? 'base64' : 'utf8')] as const;
  });
  const binaries = Object.entries(recordOf(binaryData)).map(([key, value]) => {
    return [key, Buffer.from(String(value), 'base64')] as const;
  });
  return new Map([...texts, ...binaries]);
}

/** Undefined where there is no such object. */
async function get(
  path: string,
  { api, clock, answerWithinMs = 5_000 }: KubernetesConfigOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const patient = patience(clock, signal);
  patient.atMost(answerWithinMs, `GET ${path}`);
  try {
    let text = '';
    for await (const piece of await api.get(path, patient.signal)) text += piece;
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (isDureError(error) && error.details.status === 404) return undefined;
    const reason = patient.reasonOf(error);
    throw reason instanceof SyntaxError
      ? kubernetesErrors.ANSWER_INVALID(`GET ${path} was answered with no JSON`)
      : reason;
  } finally {
    patient.end();
  }
}
