import { createHash } from 'node:crypto';

const style = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { max-width: 34rem; padding: 2rem; }
h1 { font-size: 1.25rem; margin: 0 0 .5rem; }
p { margin: .25rem 0; }
:lang(ko) { word-break: keep-all; }
section + section { margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
code { font: .9em ui-monospace, monospace; padding: .1em .4em; border-radius: .3em; background: color-mix(in srgb, currentColor 10%, transparent); }
`;

/** What a browser without a session sees, in both languages. */
export const signedOutPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Dure</title><style>${style}</style></head>
<body><main>
<section><h1>This browser has no session here</h1>
<p>A console link works once. Run <code>dure status</code> in the system's folder and open the link that it prints.</p></section>
<section lang="ko"><h1>이 브라우저에는 세션이 없습니다</h1>
<p>콘솔 링크는 한 번만 쓸 수 있습니다. 시스템 폴더에서 <code>dure status</code>를 실행하고 출력된 링크를 여십시오.</p></section>
</main></body></html>
`;

/** The policy for that page: its own style and nothing else. */
export const signedOutPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
