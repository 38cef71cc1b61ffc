import type { BrokerOptions } from 'moleculer';

/** Two Moleculer nodes that find each other at fixed ports, over its TCP transporter; validation on, as by default. */
export function moleculerOptions(name: string, port: number, otherName: string, otherPort: number): BrokerOptions {
  return {
    nodeID: name,
    logger: false,
    transporter: {
      type: 'TCP',
      options: {
        udpDiscovery: false,
        port,
        urls: `tcp://127.0.0.1:${port}/${name},tcp://127.0.0.1:${otherPort}/${otherName}`,
      },
    },
  };
}
