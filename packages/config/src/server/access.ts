import type { Identity } from '@dure/core';
import { configErrors } from '../errors.ts';
import type { Target } from './config-request.ts';

/** Who may read what. */
export interface Access {
  /** CONFIG_NOT_YOURS for other applications' configurations, whether or not there are any. `application` is for all. */
  demand(identity: Identity, target: Target): void;
  /** Whether a file belongs to the configuration that is asked for. */
  mayFind(target: Pick<Target, 'names'>): (path: string) => boolean;
  /** Whether the caller may have a file as it is. What is another's is as if it were not there. */
  mayFetch(identity: Identity, target: Target): (path: string) => boolean;
}

const shared = 'application';
const propertyFile = /\.(?:properties|ya?ml)$/;

/**
 * A service reads its own configuration and what is shared. A file belongs to the application whose name it, or a folder
 * on its way, begins with: `order-admin.yml` to `order-admin` if there is such an application, and then not to `order`
 * with the profile `admin`.
 */
export function access(applications: readonly string[], readers: readonly string[]): Access {
  const known = new Set(applications.map(folded));
  const trusted = new Set(readers);
  const belongs = (path: string, own: ReadonlySet<string>): boolean => {
    const [file = '', ...folders] = folded(path).split('/').reverse();
    if (folders.some((folder) => known.has(folder) && !own.has(folder))) return false;
    const owner = ownerOf(file, [...known, ...own]);
    return owner === undefined ? !propertyFile.test(file) : own.has(owner);
  };
  const mayFind = ({ names }: Pick<Target, 'names'>) => {
    let own: ReadonlySet<string> | undefined;
    return (path: string) => {
      own ??= new Set([...names.map((name) => folded(name.slice(name.lastIndexOf('/') + 1))), shared]);
      return belongs(path, own);
    };
  };
  return {
    demand({ kind, subject }, { names }) {
      const isOwn = (name: string) => name === subject || name === shared;
      if (kind === 'service' && (trusted.has(subject) || names.every(isOwn))) return;
      throw configErrors.NOT_YOURS(`"${subject}" may not read the configuration of another application, only its own`, {
        details: { subject },
      });
    },
    mayFind,
    mayFetch: ({ subject }, target) => (trusted.has(subject) ? () => true : mayFind(target)),
  };
}

/** `order-dev.yml`, `order.key` and `order` are `order`'s; the longest name that fits owns it. */
function ownerOf(file: string, applications: readonly string[]): string | undefined {
  return applications
    .filter((name) => file.startsWith(name) && /^(?:$|[-.])/.test(file.slice(name.length)))
    .reduce<string | undefined>((longest, name) => (name.length > (longest?.length ?? 0) ? name : longest), undefined);
}

/** File systems may take `Order` and `order` for the same, and letters with marks in either form. */
function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
