const standardGatewayPort = '8080';
const standardConsolePort = 9411;
const consoleAfterGateway = 3;

/** Where the page came from: the parts of `location` that matter. */
export interface PageOrigin {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

/**
 * The console's address beside this gateway: its standard port beside the standard one, three ports on with
 * `--port-base`. Undefined for an origin without a port: a published shop shows no console.
 */
export function consoleUrl({ protocol, hostname, port }: PageOrigin): string | undefined {
  if (port === '') return undefined;
  const consolePort = port === standardGatewayPort ? standardConsolePort : Number(port) + consoleAfterGateway;
  return `${protocol}//${hostname}:${consolePort}`;
}

/** The page of a trace, or of the search for what mentions `text`. */
export function traceUrl(
  origin: PageOrigin,
  what: { readonly traceId: string } | { readonly text: string },
): string | undefined {
  const base = consoleUrl(origin);
  if (base === undefined) return undefined;
  return 'traceId' in what ? `${base}/traces/${what.traceId}` : `${base}/traces?text=${encodeURIComponent(what.text)}`;
}
