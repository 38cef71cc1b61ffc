/** RFC 9110 §7.6.3: who a request has come by, without comments. */
const steps = /^\s*(?:[\w.+-]+\/)?[\w.+-]+\s+[\w.:[\]-]+\s*(?:,\s*(?:[\w.+-]+\/)?[\w.+-]+\s+[\w.:[\]-]+\s*)*$/;

/** How often a request has come by whoever calls itself so. */
export function timesVia(via: string, name: string): number {
  return via.split(',').filter((step) => step.trim().split(/\s+/)[1] === name).length;
}

/** The field as it goes on. What is not well-formed is left out. */
export function viaField(via: string | undefined, name: string): string {
  return via === undefined || !steps.test(via) ? `1.1 ${name}` : `${via.trim()}, 1.1 ${name}`;
}

/** Whether a text may stand for a proxy in `Via`. */
export function isViaName(text: string): boolean {
  return /^[\w.-]{1,64}$/.test(text);
}
