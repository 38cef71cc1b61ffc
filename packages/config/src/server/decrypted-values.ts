import type { Identity } from '@dure/core';
import { invalidPrefix, invalidValue } from '../cipher/encrypted-value.ts';
import type { Keyring } from '../cipher/keyring.ts';
import { hasEncrypted, openProperties } from '../cipher/open-properties.ts';
import type { Property } from '../properties/property.ts';
import type { BackendFound } from './backends/config-backend.ts';
import type { ConfigEncryption } from './encryption.ts';
import { decryptScope } from './encryption.ts';

/** Decrypts what was found, for those who may have it. */
export interface DecryptedValues {
  /**
   * What was found with its values in plain, for the application they belong to and for who may decrypt; as it was for
   * others, without a key, and where the server does not decrypt. The same object for the same finding and keys.
   */
  open(found: BackendFound, identity: Identity, names: readonly string[]): Promise<BackendFound>;
}

/** Decrypts by the server's keys; a value that cannot be decrypted is `invalid.<key>`, as in Spring. */
export function decryptedValues(encryption: ConfigEncryption | undefined): DecryptedValues {
  const known = new WeakMap<BackendFound, { readonly ring: Keyring; readonly opened: BackendFound }>();
  return {
    async open(found, identity, names) {
      if (encryption === undefined || encryption.decrypts === false) return found;
      if (!found.sources.some(({ properties }) => hasEncrypted(properties))) return found;
      if (!mayHave(identity, names)) return found;
      const ring = await encryption.keyring();
      if (ring === undefined) return found;
      const before = known.get(found);
      if (before?.ring === ring) return before.opened;
      const opened = openFound(found, ring);
      known.set(found, { ring, opened });
      return opened;
    },
  };
}

/** What is shared is for all who read it. */
function mayHave({ subject, scopes }: Identity, names: readonly string[]): boolean {
  return scopes.includes(decryptScope) || names.every((name) => name === subject || name === 'application');
}

function openFound(found: BackendFound, ring: Keyring): BackendFound {
  const sources = found.sources.map((source) => ({
    ...source,
    properties: openProperties(source.properties, ring, unread),
  }));
  return { ...found, sources };
}

function unread(key: string, { place }: Property): readonly [string, Property] {
  return [`${invalidPrefix}${key}`, { value: invalidValue, ...(place === undefined ? {} : { place }) }];
}
