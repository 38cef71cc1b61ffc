import type { ComponentChildren, JSX, TargetedMouseEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Where the reader is. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const changed = 'dure:navigated';

/** Goes to a path of this application. `replace` leaves no entry in the history: for filters, not for pages. */
export function navigate(to: string, options: { readonly replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  if (options.replace === true) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  if (options.replace !== true) window.scrollTo(0, 0);
  window.dispatchEvent(new Event(changed));
}

/** The place, drawn again when it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace(here());
    window.addEventListener('popstate', update);
    window.addEventListener(changed, update);
    update(); // the effects of what is inside ran before this one, and may have gone elsewhere
    return () => {
      window.removeEventListener('popstate', update);
      window.removeEventListener(changed, update);
    };
  }, []);
  return place;
}

/** A link inside the application: a real one, so that it can be opened in a tab, copied and middle-clicked. */
export function Link({ to, children, ...rest }: LinkProps): JSX.Element {
  const follow = (event: TargetedMouseEvent<HTMLAnchorElement>) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

/** `to` is a path of this application. */
export interface LinkProps {
  readonly to: string;
  readonly class?: string;
  readonly id?: string;
  readonly title?: string;
  readonly 'aria-label'?: string;
  readonly 'aria-current'?: 'page' | undefined;
  readonly children: ComponentChildren;
}

/** Names the page in the title and moves a screen reader to its heading, except on the very first page. */
export function usePageTitle(title: string, suffix: string): void {
  useEffect(() => {
    const first = document.title === '' || document.documentElement.dataset.started === undefined;
    document.title = title === '' ? suffix : `${title} · ${suffix}`;
    document.documentElement.dataset.started = 'yes';
    if (!first) document.querySelector<HTMLElement>('main h1[tabindex="-1"]')?.focus({ preventScroll: true });
  }, [title, suffix]);
}

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}
