import { codeOf, messageOf } from '@dure/core';
import type { Properties, Property } from '../properties/property.ts';
import { isEncrypted } from './encrypted-value.ts';
import type { Keyring } from './keyring.ts';

/** Whether any of the values is encrypted. */
export function hasEncrypted(properties: Properties): boolean {
  return [...properties.values()].some(isToOpen);
}

/** What another could not decrypt is not tried again. */
function isToOpen({ value, whyEncrypted }: Property): boolean {
  return isEncrypted(value) && whyEncrypted === undefined;
}

/**
 * Decrypts what is encrypted. As in Spring, such a key moves to the end. `unread` says what stands in its place when it
 * cannot be decrypted, and why that is.
 */
export function openProperties(
  properties: Properties,
  keyring: Keyring,
  unread: (key: string, property: Property, why: string) => readonly [string, Property],
): Properties {
  const encrypted = [...properties].filter(([, property]) => isToOpen(property));
  const plain = [...properties].filter(([, property]) => !isToOpen(property));
  const opened = encrypted.map(([key, property]): readonly [string, Property] => {
    try {
      return [key, { ...property, value: keyring.decrypt(String(property.value)), isSecret: true }];
    } catch (error) {
      if (codeOf(error)?.startsWith('CONFIG_') !== true) throw error;
      return unread(key, property, messageOf(error));
    }
  });
  return new Map([...plain, ...opened]);
}
