import type { Failure } from '@dure/console/design';
import { FailureNote, Icon } from '@dure/console/design';
import type { JSX } from 'preact';
import { traceUrl } from './console-link.ts';
import { useMessages } from './use-messages.ts';

/** What went wrong, in the shop's words where it has some, with a link to what happened inside. */
export function ShopFailure({ failure, retry, traceId }: ShopFailureProps): JSX.Element {
  const m = useMessages();
  const url = traceId === undefined ? undefined : traceUrl(location, { traceId });
  return (
    <FailureNote
      failure={failure}
      words={m.refusals}
      {...(retry === undefined ? {} : { retry })}
      traceLink={
        url === undefined ? null : (
          <a href={url} class="trace-link">
            {m.seeTrace}
            <Icon name="external" size={14} />
          </a>
        )
      }
    />
  );
}

export interface ShopFailureProps {
  readonly failure: Failure;
  readonly retry?: () => void;
  readonly traceId?: string | undefined;
}
