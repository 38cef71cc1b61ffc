import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { meantBody } from './form-body.ts';

const { forms } = JSON.parse(readFileSync(new URL('../cipher/cipher-vectors.json', import.meta.url), 'utf8')) as {
  readonly forms: readonly (readonly [body: string, type: string, isCipher: boolean, meant: string | null])[];
};

test('the text of a body is what Spring’s controller makes of it', () => {
  assert.ok(forms.length >= 15);
  for (const [body, type, isCipher, meant] of forms) {
    if (meant === null) assert.throws(() => meantBody(body, type, isCipher), URIError);
    else assert.equal(meantBody(body, type, isCipher), meant, `${body} as ${type}`);
  }
});
