import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { NamedLayer } from './route-rule.ts';

/**
 * Gives a layer the name by which routes list it. Of two layers with the same name and settings one may stand for the other.
 *
 * @example
 * named('Canary', canary({ stable: '1', canary: '2' }), 'version 2');
 */
export function named(name: string, layer: EdgeLayer, settings = ''): NamedLayer<never> {
  return { name, text: settings === '' ? name : `${name} ${settings}`, layer };
}
