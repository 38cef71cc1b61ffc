export type { Attempted, Client, ClientOperation } from './client.ts';
export type { HttpTransport, HttpTransportOptions } from './http-transport.ts';
export { httpTransport } from './http-transport.ts';
export type { LocalCaller, LocalTarget } from './make-client.ts';
export { httpClient, localClient } from './make-client.ts';
export type { OutboundLayers, OutboundOptions } from './outbound-layers.ts';
export { outboundLayers } from './outbound-layers.ts';
export type { TokenSigner } from './token-signer.port.ts';
