import type { TokenSigner } from '@dure/service/client';
import type { Position } from '../wire/push-stream.ts';
import { acknowledgePath, leaving, positionParameter, positionText, processParameter } from '../wire/push-stream.ts';
import { audience } from './registration-loop.ts';
import type { RegistryTransport } from './transport.ts';

const timeoutMs = 2_000;
const leavingTimeoutMs = 500;

/** What an acknowledger needs. */
interface AcknowledgerOptions {
  readonly transport: RegistryTransport;
  readonly signer: TokenSigner;
  readonly process: string;
}

/** Tells the registry which version of the list this process routes by. Only the newest matters. */
export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  #newest: Position | undefined;
  #isSending = false;

  constructor(options: AcknowledgerOptions) {
    this.#options = options;
  }

  /** Returns at once; a failure is made up for by the answer to the next ping. */
  acknowledge(position: Position): void {
    this.#newest = position;
    if (!this.#isSending) void this.#send();
  }

  /** This process calls nobody any more: drains need not wait for it. Never rejects, and takes half a second at most. */
  leave(): Promise<void> {
    return this.#tell(leaving, leavingTimeoutMs);
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#newest !== undefined) {
      const position = this.#newest;
      this.#newest = undefined;
      await this.#tell(positionText(position), timeoutMs);
    }
    this.#isSending = false;
  }

  async #tell(at: string, withinMs: number): Promise<void> {
    const { transport, signer, process } = this.#options;
    const query = `${processParameter}=${encodeURIComponent(process)}&${positionParameter}=${at}`;
    try {
      const authorization = await signer.authorize(audience, undefined);
      await transport.send({ method: 'PUT', path: `${acknowledgePath}?${query}`, authorization, timeoutMs: withinMs });
    } catch {}
  }
}
