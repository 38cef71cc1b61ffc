import { isDureError, messageOf } from '@dure/core';
import { edgeOptions } from '../edge-options.ts';
import type { System } from '../system.ts';

/** What of a system's edge would keep its gateway from starting, as far as that can be told without starting it. */
export async function gatewayProblems(system: System): Promise<readonly string[]> {
  const { checkGateway } = await import('@dure/proxy/gateway');
  try {
    await checkGateway(await edgeOptions(system));
    return [];
  } catch (error) {
    const code = isDureError(error) ? ` [${error.code}]` : '';
    return [`the gateway would not start: ${messageOf(error)}${code}`];
  }
}
