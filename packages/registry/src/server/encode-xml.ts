import type { Application, Applications, Variant } from './encode-json.ts';
import { compactAmazonKeys, dataCenterClass } from './encode-json.ts';
import type { DataCenterInfo, Entry, InstanceInfo, PortInfo, TextField } from './instance-info.ts';
import { textFields } from './instance-info.ts';

/** `<applications>` as Eureka writes it for whoever does not ask for JSON. */
export function applicationsXml(from: Applications, variant: Variant): string {
  const inner = from.applications.map((application) => applicationElement(application, variant)).join('');
  return `<applications>${element('versions__delta', String(from.version))}${element('apps__hashcode', from.hash)}${inner}</applications>`;
}

/** `<application>` */
export function applicationXml(application: Application, variant: Variant): string {
  return applicationElement(application, variant);
}

/** `<instance>` */
export function instanceXml(entry: Entry): string {
  return fullElement(entry);
}

function applicationElement({ name, entries }: Application, variant: Variant): string {
  const inner = entries.map(variant === 'full' ? fullElement : compactElement).join('');
  return `<application>${element('name', name)}${inner}</application>`;
}

function fullElement({ info, lease }: Entry): string {
  const parts = [
    info.hasInstanceId ? element('instanceId', info.instanceId) : '',
    element('hostName', info.hostName),
    element('app', info.app),
    element('ipAddr', info.ipAddr),
    info.sid === 'na' ? '' : element('sid', info.sid),
    element('status', info.status),
    element('overriddenstatus', info.overriddenStatus),
    portElement('port', info.port),
    portElement('securePort', info.securePort),
    element('countryId', String(info.countryId)),
    centerElement(info.dataCenter, () => true),
    '<leaseInfo>',
    element('renewalIntervalInSecs', String(info.renewalIntervalInSecs)),
    element('durationInSecs', String(info.durationInSecs)),
    element('registrationTimestamp', String(lease.registeredAt)),
    element('lastRenewalTimestamp', String(lease.renewedAt)),
    element('evictionTimestamp', String(lease.evictedAt)),
    element('serviceUpTimestamp', String(lease.serviceUpAt)),
    '</leaseInfo>',
    Object.keys(info.metadata).length === 0
      ? '<metadata class="java.util.Collections$EmptyMap"/>'
      : `<metadata>${mapElements(info.metadata)}</metadata>`,
    ...textFields.map((field) => textElement(info, field)),
    element('isCoordinatingDiscoveryServer', String(info.isCoordinatingDiscoveryServer)),
    element('lastUpdatedTimestamp', String(info.lastUpdatedTimestamp)),
    element('lastDirtyTimestamp', String(info.lastDirtyTimestamp)),
    element('actionType', info.actionType),
  ];
  return `<instance>${parts.join('')}</instance>`;
}

/** As in JSON: without what a balancer does not need. */
function compactElement({ info }: Entry): string {
  const parts = [
    info.hasInstanceId ? element('instanceId', info.instanceId) : '',
    element('hostName', info.hostName),
    element('app', info.app),
    element('ipAddr', info.ipAddr),
    element('status', info.status),
    portElement('port', info.port),
    portElement('securePort', info.securePort),
    centerElement(info.dataCenter, (key) => compactAmazonKeys.has(key)),
    textElement(info, 'vipAddress'),
    textElement(info, 'secureVipAddress'),
    element('lastUpdatedTimestamp', String(info.lastUpdatedTimestamp)),
    element('actionType', info.actionType),
    textElement(info, 'asgName'),
  ];
  return `<instance>${parts.join('')}</instance>`;
}

function centerElement({ name, metadata }: DataCenterInfo, keeps: (key: string) => boolean): string {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => keeps(key)));
  const amazon = name === 'Amazon' ? `<metadata>${mapElements(kept)}</metadata>` : '';
  return `<dataCenterInfo class="${escapeXml(dataCenterClass(name))}">${element('name', name)}${amazon}</dataCenterInfo>`;
}

function textElement({ texts }: InstanceInfo, field: TextField): string {
  const value = texts[field];
  return value === undefined ? '' : element(field, value);
}

/** Keys become element names, escaped as XStream does; a key that cannot be a name is left out. */
function mapElements(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .filter(([key]) => /^[A-Za-z_$][A-Za-z0-9._$-]*$/.test(key))
    .map(([key, value]) => element(key.replaceAll('_', '__').replaceAll('$', '_-'), value))
    .join('');
}

function portElement(name: string, { number, enabled }: PortInfo): string {
  return `<${name} enabled="${enabled}">${number}</${name}>`;
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML cannot hold at all are dropped. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
