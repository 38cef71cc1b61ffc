import type { JSX } from 'preact';

const ink = '#23302a';
const white = '#fdfcf8';
const shade = '#e3e0d6';

/** What the product looks like, in flat shapes on a 100 × 100 field; the emoji for those we have not drawn. */
export function Motif({ sku, emoji }: { readonly sku: string; readonly emoji: string }): JSX.Element {
  const draw = motifs[sku];
  return (
    <g>
      <ellipse cx="50" cy="80" rx="30" ry="4.5" fill={ink} opacity="0.16" />
      {draw === undefined ? (
        <text x="50" y="66" font-size="44" text-anchor="middle">
          {emoji}
        </text>
      ) : (
        draw()
      )}
    </g>
  );
}

const motifs: Readonly<Record<string, () => JSX.Element>> = {
  'tea-green': () => (
    <>
      <path
        d="M41 26c-4 5 4 7 0 13M51 22c-4 6 4 9 0 16M61 26c-4 5 4 7 0 13"
        fill="none"
        stroke={white}
        stroke-width="2.4"
        stroke-linecap="round"
      />
      <path d="M24 46h52c0 17-8 28-18 31H42c-10-3-18-14-18-31z" fill={white} />
      <path d="M62 46h14c0 17-8 28-18 31h-8c9-5 12-17 12-31z" fill={shade} />
      <ellipse cx="50" cy="46" rx="26" ry="6.5" fill={shade} />
      <ellipse cx="50" cy="46.8" rx="22.5" ry="4.6" fill="#8aa83f" />
      <path d="M43 46.500c4-3 9-2 12 .8-4 2-9 1.6-12-.8z" fill="#5d7d2b" />
      <path d="M40 77h20v3.500H40z" fill={shade} />
    </>
  ),
  'tea-citron': () => (
    <>
      <rect x="31" y="26" width="38" height="9" rx="2.5" fill="#7b5a3a" />
      <path d="M33 35h34c5 4 7 8 7 14v24c0 4-3 7-7 7H33c-4 0-7-3-7-7V49c0-6 2-10 7-14z" fill="#f5c542" />
      <path d="M33 35h9c-5 4-7 8-7 14v31h-2c-4 0-7-3-7-7V49c0-6 2-10 7-14z" fill="#fff" opacity="0.35" />
      <circle cx="52" cy="60" r="14" fill={white} />
      <circle cx="52" cy="60" r="11.5" fill="#f3b01c" />
      <path
        d="M52 48.500v23M40.5 60h23M43.9 51.900l16.2 16.200M60.1 51.900L43.9 68.1"
        stroke={white}
        stroke-width="1.8"
      />
      <circle cx="52" cy="60" r="2" fill={white} />
    </>
  ),
  'cup-moon': () => (
    <>
      <path d="M38 25h24v6c12 4 18 13 18 23 0 12-8 21-19 24H39c-11-3-19-12-19-24 0-10 6-19 18-23z" fill={white} />
      <path d="M62 31c12 4 18 13 18 23 0 12-8 21-19 24H51c12-4 19-13 19-25 0-9-3-16-8-22z" fill={shade} />
      <ellipse cx="50" cy="25.5" rx="12" ry="3" fill={shade} />
      <ellipse cx="50" cy="25.8" rx="9.5" ry="2" fill="#b9b5a6" />
      <path d="M41 78h18v3H41z" fill="#cfcbbd" />
      <path d="M28 47c3-6 8-10 13-12" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round" />
    </>
  ),
  'bowl-celadon': () => (
    <>
      <path d="M18 42h64c-1 20-11 32-23 35H41C29 74 19 62 18 42z" fill="#7fb5a0" />
      <path d="M66 42h16c-1 20-11 32-23 35H49c11-6 16-18 17-35z" fill="#659c87" />
      <ellipse cx="50" cy="42" rx="32" ry="7" fill="#a8d0bf" />
      <ellipse cx="50" cy="42.8" rx="28" ry="5" fill="#5f9480" />
      <path d="M41 77h18v4H41z" fill="#54826f" />
      <g fill="none" stroke={white} stroke-width="1.5" stroke-linecap="round">
        <path d="M36 60c4-5 8-6 13-5M49 55l6-4M44 57l-6 7M44 57l2 8" />
        <circle cx="64" cy="61" r="5" />
        <path d="M27 54c2-2 5-2 6 0M70 50c2-2 5-2 6 0" />
      </g>
    </>
  ),
  'spoon-brass': () => (
    <g stroke-linecap="round">
      <path d="M38 46L34 80" stroke="#a87a1e" stroke-width="4.5" />
      <ellipse cx="39.5" cy="33" rx="10" ry="13.5" fill="#d9a93a" transform="rotate(6 39.5 33)" />
      <ellipse cx="40.5" cy="32" rx="6.5" ry="9.5" fill="#f0cd6b" transform="rotate(6 40.5 32)" />
      <path d="M56 22l-2 58M66 22l2 58" stroke="#c8962b" stroke-width="3.6" />
      <path d="M56 22l-.6 17M66 22l.6 17" stroke="#f0cd6b" stroke-width="3.6" />
    </g>
  ),
  'paper-hanji': () => (
    <>
      <path d="M27 30l42-6 6 46-42 7z" fill="#d8d2bf" />
      <path d="M25 29l44-3 2 48-44 4z" fill="#ebe6d6" />
      <path
        d="M24 30l7-1 6 .6 8-1.2 7 .8 9-1 8 .6 1 9-.8 9 .8 9-.6 10 .4 9-8 .4-8-.4-9 1-8-.8-8 1-5-.4-.6-10 .8-9-.8-10 .6-9z"
        fill={white}
      />
      <path d="M34 41l28-1M34 49l24-1M34 57l28-1" stroke="#d8d2bf" stroke-width="1.4" stroke-dasharray="5 3 9 4" />
      <rect x="56" y="63" width="7" height="7" rx="1" fill="#b8372d" />
    </>
  ),
  'brush-weasel': () => (
    <g transform="rotate(32 50 50)">
      <rect x="46.5" y="10" width="7" height="48" rx="3.5" fill="#b98b4e" />
      <path d="M46.5 20h7M46.5 34h7M46.5 46h7" stroke="#8d6634" stroke-width="1.5" />
      <rect x="45.5" y="56" width="9" height="7" rx="1.5" fill={ink} />
      <path d="M45 63h10c2 7 0 14-5 24-5-10-7-17-5-24z" fill="#8a6d52" />
      <path d="M46.5 74h7.400c-.6 4-2 8-3.9 13-2-5-3-9-3.5-13z" fill={ink} />
      <path d="M50 10V5" stroke="#b8372d" stroke-width="2" />
    </g>
  ),
  'fan-folding': () => (
    <g>
      <path d="M50 76L14 44a48 48 0 0 1 72 0z" fill={white} />
      <path
        d="M50 76L14 44a48 48 0 0 1 9-8zM50 76L33 30.500a48 48 0 0 1 11-2.200zM50 76l6-47.700a48 48 0 0 1 11 2.200zM50 76l27-40a48 48 0 0 1 9 8z"
        fill={shade}
      />
      <path
        d="M24 46c6-7 10-2 16-8s9 1 14-3 10 3 15-1"
        fill="none"
        stroke="#3c7a63"
        stroke-width="2"
        stroke-linecap="round"
      />
      <circle cx="66" cy="42" r="4.5" fill="#d5521b" />
      <path
        d="M50 80L31 58.500M50 80L40 54M50 80V52.500M50 80l10-26M50 80l19-21.5"
        stroke="#8d6634"
        stroke-width="1.8"
        stroke-linecap="round"
      />
      <circle cx="50" cy="79" r="2.6" fill={ink} />
    </g>
  ),
  'wrap-bojagi': () => (
    <g>
      <path d="M50 20L82 52 50 82 18 52z" fill={white} />
      <path d="M50 20l16 16-16 16-16-16z" fill="#d5521b" />
      <path d="M66 36l16 16-16 15-16-15z" fill="#f2c14e" />
      <path d="M34 36l16 16-16 15-16-15z" fill="#2f5f8f" />
      <path d="M50 52l16 15-16 15-16-15z" fill="#0b6a51" />
      <path d="M50 36l8 8-8 8-8-8z" fill={white} />
      <path
        d="M50 20L82 52 50 82 18 52zM34 36l32 31M66 36L34 67"
        fill="none"
        stroke={white}
        stroke-width="1.2"
        stroke-dasharray="2.5 2"
      />
      <path d="M44 50c-8-8-14-4-12 2 4 2 8 1 12-2zM56 50c8-8 14-4 12 2-4 2-8 1-12-2z" fill="#a8442a" />
      <rect x="44.5" y="45" width="11" height="9" rx="3.5" fill="#8f3520" />
    </g>
  ),
  'shoes-rubber': () => (
    <>
      <g transform="translate(9 -15)">
        <path
          d="M26 52c-8-4-14 0-13 6 1 12 6 20 16 21h48c8 0 11-6 9-12-4-2-9-2-14-5-8-4-14-10-23-10-8 0-14 5-23 0z"
          fill={shade}
        />
        <path d="M30 57c8 3 14-1 20-1 7 0 11 5 17 8-12 3-33 4-37-7z" fill="#8f8b7d" />
      </g>
      <path
        d="M26 52c-8-4-14 0-13 6 1 12 6 20 16 21h48c8 0 11-6 9-12-4-2-9-2-14-5-8-4-14-10-23-10-8 0-14 5-23 0z"
        fill={white}
      />
      <path d="M30 57c8 3 14-1 20-1 7 0 11 5 17 8-12 3-33 4-37-7z" fill="#a9a596" />
      <path d="M16 68c3 6 8 8 14 8h55" fill="none" stroke={shade} stroke-width="2.2" />
    </>
  ),
  'drum-janggu': () => (
    <>
      <path d="M24 34c16 4 20 10 26 10s10-6 26-10v36c-16-4-20-10-26-10s-10 6-26 10z" fill="#a8442a" />
      <path d="M24 58c16 2 20 0 26 0s10 2 26 0v12c-16-4-20-10-26-10s-10 6-26 10z" fill="#8a3420" />
      <path d="M24 34l52 36M24 52h52M24 70l52-36M24 43l52 18M24 61l52-18" stroke="#f6ead0" stroke-width="1.3" />
      <ellipse cx="24" cy="52" rx="8" ry="22" fill={white} />
      <ellipse cx="24" cy="52" rx="4.6" ry="15" fill={shade} />
      <ellipse cx="76" cy="52" rx="8" ry="22" fill={white} />
      <ellipse cx="76" cy="52" rx="4.6" ry="15" fill={shade} />
      <rect x="46" y="43" width="8" height="18" rx="3" fill="#2f5f8f" />
    </>
  ),
  'hat-gat': () => (
    <>
      <path
        d="M24 64c2 14 14 22 26 25 12-3 24-11 26-25"
        fill="none"
        stroke="#d9902f"
        stroke-width="2.6"
        stroke-linecap="round"
        stroke-dasharray="0 4.2"
      />
      <ellipse cx="50" cy="60" rx="41" ry="10" fill={ink} />
      <ellipse cx="50" cy="58.6" rx="37" ry="7.8" fill="#3a4c43" />
      <path d="M38 24c0-4 24-4 24 0l4.5 33.500c-6 4-27 4-33 0z" fill={ink} />
      <path d="M57 21.600c3 .4 5 1.2 5 2.400l4.5 33.500c-2 1.4-5 2.2-8.5 2.600z" fill="#131b17" />
      <ellipse cx="50" cy="24" rx="12" ry="2.8" fill="#3a4c43" />
      <path d="M34.2 52c6 3.6 25.6 3.6 31.6 0l.7 5.500c-6 4-27 4-33 0z" fill="#0c120f" />
    </>
  ),
};
