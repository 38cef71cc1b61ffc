/**
 * Whom an address belongs to, as far as limits are concerned: itself for IPv4; its /64 for IPv6, because whoever has one
 * address of those has all 2^64.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const [plain = ''] = address.split('%');
  const last = plain.slice(plain.lastIndexOf(':') + 1);
  if (last.includes('.') && /^::ffff:/i.test(plain)) return last;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    const length = rest.length + (last.includes('.') ? 1 : 0);
    while (groups.length + length < 8) groups.push('0');
    groups.push(...rest);
  }
  const [a, b, c, d, e, f, g = '0', h = '0'] = groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
  const isMapped = f === 'ffff' && [a, b, c, d, e].every((group) => group === '0');
  return isMapped ? ipv4Of(Number.parseInt(g, 16), Number.parseInt(h, 16)) : `${a}:${b}:${c}:${d}::/64`;
}

function ipv4Of(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
