import type { Answer, Failure } from '@dure/console/design';
import { Link, navigate, usePlace } from '@dure/console/design';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { register } from './api.ts';
import { fieldErrors, formText } from './form-errors.ts';
import { PageHead } from './page-head.tsx';
import { startSession } from './session.ts';
import { ShopFailure } from './shop-failure.tsx';
import { TextField } from './text-field.tsx';
import { useMessages } from './use-messages.ts';

type Mode = 'sign-in' | 'register';

/** Signs in, or registers and signs in. Afterwards it goes where the customer was going. */
export function SignInPage({ mode }: { readonly mode: Mode }): JSX.Element {
  const m = useMessages();
  const { query } = usePlace();
  const next = safePath(query.get('next'));
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const submit = async (form: HTMLFormElement) => {
    setBusy(true);
    setFailure(undefined);
    const answer = await enter(mode, new FormData(form));
    setBusy(false);
    if (answer.ok) navigate(next, { replace: true });
    else setFailure(answer.failure);
  };
  const registering = mode === 'register';
  return (
    <div class="narrow">
      <PageHead title={registering ? m.register : m.signIn}>
        <p class="page-sub">{registering ? m.registerLead : next === '/checkout' ? m.signInFirst : m.signInLead}</p>
      </PageHead>
      {failure === undefined ? null : <ShopFailure failure={failure} />}
      <AccountForm mode={mode} busy={busy} wrong={fieldErrors(failure, m.wrongFields)} submit={submit} />
      <p class="switch">
        {registering ? m.haveAccount : m.noAccount}{' '}
        <Link to={`${registering ? '/sign-in' : '/register'}?next=${encodeURIComponent(next)}`}>
          {registering ? m.signIn : m.register}
        </Link>
      </p>
    </div>
  );
}

function AccountForm({ mode, busy, wrong, submit }: AccountFormProps): JSX.Element {
  const m = useMessages();
  const registering = mode === 'register';
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      {registering ? (
        <TextField name="name" label={m.name} autocomplete="name" maxLength={80} error={wrong.name} />
      ) : null}
      <TextField
        name="email"
        type="email"
        inputMode="email"
        label={m.email}
        autocomplete="email"
        maxLength={254}
        error={wrong.email}
      />
      <TextField
        name="password"
        type="password"
        label={m.password}
        hint={registering ? m.passwordHint : undefined}
        autocomplete={registering ? 'new-password' : 'current-password'}
        {...(registering ? { minLength: 10 } : {})}
        maxLength={200}
        error={wrong.password}
      />
      <button type="submit" class="button button-primary button-large" disabled={busy}>
        {busy ? m.working : registering ? m.register : m.signIn}
      </button>
    </form>
  );
}

interface AccountFormProps {
  readonly mode: Mode;
  readonly busy: boolean;
  /** What the server said about each field. */
  readonly wrong: Readonly<Record<string, string>>;
  readonly submit: (form: HTMLFormElement) => Promise<void>;
}

async function enter(mode: Mode, data: FormData): Promise<Answer<unknown>> {
  const password = data.get('password');
  const credentials = { email: formText(data, 'email'), password: typeof password === 'string' ? password : '' };
  if (mode === 'register') {
    const registered = await register({ ...credentials, name: formText(data, 'name') });
    if (!registered.ok) return registered;
  }
  return startSession(credentials);
}

/** Only a path of this shop: an address elsewhere in a link must not take a customer away. */
function safePath(path: string | null): string {
  return path !== null && /^\/(?![/\\])/.test(path) ? path : '/';
}
