import { join } from 'node:path';
import { serverSource } from '@dure/config/client';
import type { PropertySource } from '@dure/config/properties';
import { systemClock, systemRandom } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { RunFile } from '../run-file.ts';
import { profilesOf } from './service-config.ts';

/** Reads what the config server has for the gateway, the highest source first: routes in Spring Cloud Gateway's form may be there. */
export function springSources({
  configUrl,
  stateFolder,
  mode,
}: RunFile): (signer: TokenSigner) => Promise<readonly PropertySource[]> {
  return async (signer) => {
    const keepIn = join(stateFolder, 'config');
    const source = serverSource({ url: configUrl, signer, clock: systemClock, random: systemRandom, keepIn });
    const { layers } = await source.load({ service: 'gateway', profiles: profilesOf(mode) });
    return layers.map(({ source: file, values: properties }) => ({ file, document: undefined, properties })).reverse();
  };
}
