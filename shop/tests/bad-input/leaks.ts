/** What an answer must never hold: it would tell an outsider how the inside is built. */
const leaks: Readonly<Record<string, RegExp>> = {
  'a stack': /(?:\\n|\n)\s+at |\bat [\w.<>]+ \(/,
  'a source file': /\w\.[cm]?[jt]s\b|node:[a-z]|node_modules/,
  'a path of the machine': /\/(?:home|root|work|tmp|usr|var|opt|etc|dev|proc)\/|[A-Z]:\\\\/,
  'an address of the inside':
    /\b(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[?::1\]?):\d+|E(?:CONNREFUSED|CONNRESET|ADDRINUSE)/,
  'a version': /\bv?\d+\.\d+\.\d+\b(?!\.\d)|\b(?:node|fastify|postgres(?:ql)?|undici)[/ ]v?\d/i,
  SQL: /\b(?:select|delete) .+ from |\binsert into |\bupdate .+ set |duplicate key|violates|relation \\?"|syntax error at|sqlite/i,
  'a class of ours or of others': /\b(?:Type|Range|Syntax|Zod|Database|Dure|Reference)Error\b|FST_ERR|HPE_/,
  'a server’s name': /\r\n(?:server|x-powered-by):/i,
};

/** The leaks in an answer, as it came. What the sender said itself is no leak. */
export function leaksIn(answer: string, sent: string): readonly string[] {
  return Object.entries(leaks).flatMap(([name, pattern]) => {
    const [found] = pattern.exec(answer) ?? [];
    return found === undefined || sent.includes(found) ? [] : [`${name}: ${JSON.stringify(found)}`];
  });
}
