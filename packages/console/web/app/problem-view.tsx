import type { JSX } from 'preact';
import { Icon } from '../design/icons.tsx';
import { FailureNote } from '../design/notices.tsx';
import type { Failure } from '../design/transport.ts';
import { useMessages } from './use-messages.ts';

/** What to show when the console's server did not give what was asked for; without a session, how to get one. */
export function ProblemView({
  failure,
  retry,
}: {
  readonly failure: Failure;
  readonly retry: () => void;
}): JSX.Element {
  const signedOut = failure.kind === 'problem' && failure.problem.status === 401;
  return signedOut ? <SignIn /> : <FailureNote failure={failure} retry={retry} />;
}

function SignIn(): JSX.Element {
  const m = useMessages();
  return (
    <div class="empty panel" role="alert">
      <Icon name="user" size={40} />
      <h2>{m.signInTitle}</h2>
      <p>{m.signInDetail}</p>
      <pre class="command">
        <code>npx dure status</code>
      </pre>
    </div>
  );
}
