import type { ComponentChildren, JSX } from 'preact';
import { describeFailure } from './failure.ts';
import type { IconName } from './icons.tsx';
import { Icon } from './icons.tsx';
import { sharedTexts } from './texts.ts';
import type { Failure } from './transport.ts';
import { usePreferences } from './use-preferences.ts';

/** How urgent a note is. */
export type Tone = 'info' | 'good' | 'warn' | 'bad';

const toneIcons: Readonly<Record<Tone, IconName>> = { info: 'info', good: 'check', warn: 'alert', bad: 'alert' };

/** A remark inside a page. Bad news is announced at once. */
export function Note({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class={`note note-${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={toneIcons[tone]} />
      <div class="note-body">{children}</div>
    </div>
  );
}

/** What went wrong with a request, in words, with a way on. */
export function FailureNote({ failure, retry, traceLink, words }: FailureNoteProps): JSX.Element | null {
  const { language } = usePreferences();
  if (failure.kind === 'aborted') return null;
  const texts = sharedTexts[language];
  const { title, detail, code } = describeFailure(failure, language, words);
  return (
    <Note tone={failure.kind === 'offline' ? 'warn' : 'bad'}>
      <strong>{title}</strong>
      {detail === undefined ? null : <p>{detail}</p>}
      <div class="note-actions">
        {retry === undefined ? null : (
          <button type="button" class="button button-small" onClick={retry}>
            <Icon name="refresh" size={16} />
            {texts.retry}
          </button>
        )}
        {traceLink}
        {code === undefined ? null : <code class="note-small">{code}</code>}
      </div>
    </Note>
  );
}

/** `words` translates codes and refusals; without a translation the problem's own title and detail are shown. */
export interface FailureNoteProps {
  readonly failure: Failure;
  readonly retry?: () => void;
  readonly traceLink?: ComponentChildren;
  readonly words?: Readonly<Record<string, string>>;
}

/** Nothing here yet, and what to do about it. */
export function Empty({ icon, title, children }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} size={40} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** Grey lines in the place of what is being fetched. */
export function Skeleton({
  rows = 3,
  height = '1.25rem',
}: {
  readonly rows?: number;
  readonly height?: string;
}): JSX.Element {
  const { language } = usePreferences();
  return (
    <div class="skeletons" role="status">
      <span class="hidden">{sharedTexts[language].loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div
          key={row}
          class="skeleton"
          style={{ height, marginBlock: '0.625rem', width: `${100 - ((row * 17) % 40)}%` }}
        />
      ))}
    </div>
  );
}
