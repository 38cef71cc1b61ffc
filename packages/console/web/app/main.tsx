import { render } from 'preact';
import { applyPreferences } from '../design/use-preferences.ts';
import { App } from './app.tsx';

applyPreferences();
const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
