import type { Application, Applications } from './encode-json.ts';
import { dataCenterClass } from './encode-json.ts';
import type { Entry, PortInfo } from './instance-info.ts';
import { textFields } from './instance-info.ts';

/** `<applications>` as Eureka writes it for whoever does not ask for JSON. */
export function applicationsXml(from: Applications): string {
  const inner = from.applications.map(applicationElement).join('');
  return `<applications>${element('versions__delta', String(from.version))}${element('apps__hashcode', from.hash)}${inner}</applications>`;
}

/** `<application>` */
export function applicationXml(application: Application): string {
  return applicationElement(application);
}

/** `<instance>` */
export function instanceXml(entry: Entry): string {
  return instanceElement(entry);
}

function applicationElement({ name, entries }: Application): string {
  return `<application>${element('name', name)}${entries.map(instanceElement).join('')}</application>`;
}

function instanceElement({ info, lease }: Entry): string {
  const center = info.dataCenter;
  const amazon = center.name === 'Amazon' ? `<metadata>${mapElements(center.metadata)}</metadata>` : '';
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
    `<dataCenterInfo class="${escapeXml(dataCenterClass(center.name))}">${element('name', center.name)}${amazon}</dataCenterInfo>`,
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
    ...textFields.map((field) => {
      const value = info.texts[field];
      return value === undefined ? '' : element(field, value);
    }),
    element('isCoordinatingDiscoveryServer', String(info.isCoordinatingDiscoveryServer)),
    element('lastUpdatedTimestamp', String(info.lastUpdatedTimestamp)),
    element('lastDirtyTimestamp', String(info.lastDirtyTimestamp)),
    element('actionType', info.actionType),
  ];
  return `<instance>${parts.join('')}</instance>`;
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
