import type { Clock } from '@dure/core';
import type { Decoded } from './decode-instance.ts';
import { decodeInstance, unparsable } from './decode-instance.ts';
import type { XmlElement } from './parse-xml.ts';
import { parseXml } from './parse-xml.ts';

/** Reads `<instance>` as Eureka's older clients send it; the checks are those of the JSON form. */
export function decodeXmlRegistration(body: Uint8Array, app: string, clock: Clock): Decoded {
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return unparsable;
  }
  const root = parseXml(source);
  return root?.name === 'instance' ? decodeInstance(jsonOf(root), app, clock) : unparsable;
}

/** The same instance as JSON has it. */
function jsonOf(instance: XmlElement): Record<string, unknown> {
  const json: Record<string, unknown> = Object.create(null);
  for (const child of instance.children) {
    switch (child.name) {
      case 'port': // enabled unless it says otherwise
        json.port = { $: child.text.trim(), '@enabled': child.attributes.enabled !== 'false' };
        break;
      case 'securePort': // disabled unless it says otherwise
        json.securePort = { $: child.text.trim(), '@enabled': child.attributes.enabled === 'true' };
        break;
      case 'metadata':
        json.metadata = mapOf(child);
        break;
      case 'leaseInfo':
        json.leaseInfo = mapOf(child);
        break;
      case 'dataCenterInfo':
        json.dataCenterInfo = dataCenterOf(child);
        break;
      default:
        json[child.name] = child.text.trim();
    }
  }
  return json;
}

function dataCenterOf(element: XmlElement): Record<string, unknown> {
  const metadata = element.children.find(({ name }) => name === 'metadata');
  const name = element.children.find((child) => child.name === 'name');
  return { name: name?.text.trim(), ...(metadata === undefined ? {} : { metadata: mapOf(metadata) }) };
}

/** Names were escaped by XStream: `__` is `_`, `_-` is `$`. */
function mapOf(element: XmlElement): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const { name, text } of element.children)
    map[name.replace(/__|_-/g, (escaped) => (escaped === '__' ? '_' : '$'))] = text.trim();
  return map;
}
