import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asked, indexed } from './words.ts';

test('Korean is kept as overlapping pairs of letters, everything else as words', () => {
  assert.equal(indexed('보성 녹차'), '보성 녹차');
  assert.equal(indexed('달항아리 잔, Moon jar 80 g.'), '달항 항아 아리 잔 moon jar 80 g');
  assert.equal(indexed('서울2026년'), '서울 2026 년');
  assert.equal(indexed('Café'), 'café');
});

test('decomposed letters are the same as composed ones', () => {
  assert.equal(indexed('녹차'.normalize('NFD')), indexed('녹차'));
});

test('all words are asked for, the last of which may be unfinished', () => {
  assert.equal(asked('green te'), '"green" "te"*');
  assert.equal(asked('항아리'), '"항아 아리"');
  assert.equal(asked('차'), '"차"*');
  assert.equal(asked('  ?! "'), undefined);
});

test('nothing that is asked for is an operator of the index', () => {
  for (const text of ['tea OR 1', 'NEAR(a b)', 'name:tea', '"tea', 'tea*', 'a^b', "'; drop table words; --", '-tea'])
    assert.match(asked(text) ?? '', /^("[^"]*"\*?)( "[^"]*"\*?)*$/u);
});
