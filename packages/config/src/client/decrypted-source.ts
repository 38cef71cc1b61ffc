import { isEncrypted } from '../cipher/encrypted-value.ts';
import type { Keyring, KeyringSource } from '../cipher/keyring.ts';
import { hasEncrypted, openProperties } from '../cipher/open-properties.ts';
import type { Properties, Property } from '../properties/property.ts';
import type { ConfigLayer, ConfigSource } from './config-source.ts';

/**
 * A source whose `{cipher}` values are decrypted here: those that a config server passes through, and those in the service's
 * own files and in the environment. The keyring is read when there is such a value. What it has no key for stays encrypted,
 * which is CONFIG_INVALID with the key and its place where the value is needed.
 *
 * @example
 * const sources = [decryptedSource(fileSource('./config'), fileKeyring('./keyring.json'))];
 */
export function decryptedSource(source: ConfigSource, keyring: KeyringSource): ConfigSource {
  return {
    async load(target, signal) {
      const loaded = await source.load(target, signal);
      if (!loaded.layers.some(({ values }) => hasEncrypted(values))) return loaded;
      const ring = await keyring();
      return { ...loaded, layers: loaded.layers.map((layer) => opened(layer, ring)) };
    },
  };
}

function opened(layer: ConfigLayer, ring: Keyring | undefined): ConfigLayer {
  const values = ring === undefined ? refused(layer.values) : openProperties(layer.values, ring, stillEncrypted);
  return { ...layer, values };
}

function refused(values: Properties): Properties {
  return new Map(
    [...values].map(([key, property]) =>
      isEncrypted(property.value) ? stillEncrypted(key, property, 'there is no keyring') : [key, property],
    ),
  );
}

function stillEncrypted(key: string, property: Property, why: string): readonly [string, Property] {
  return [key, { whyEncrypted: why, ...property }];
}
