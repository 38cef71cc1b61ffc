import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseXml } from './parse-xml.ts';

test('elements, attributes, text, entities, CDATA and comments are read', () => {
  const source = `<?xml version="1.0" encoding="UTF-8"?><!-- x --><a one="1" two='&quot;2'>b &amp; &#x44;&#100;<![CDATA[<&>]]><c/><d> e </d></a>`;
  assert.deepEqual(JSON.parse(JSON.stringify(parseXml(source))), {
    name: 'a',
    attributes: { one: '1', two: '"2' },
    text: 'b & Dd<&>',
    children: [
      { name: 'c', attributes: {}, text: '', children: [] },
      { name: 'd', attributes: {}, text: ' e ', children: [] },
    ],
  });
});

test('what is not well-formed, too deep, or has a document type is not read', () => {
  const deep = '<a>'.repeat(20) + '</a>'.repeat(20);
  const bad = ['', 'a', '<a>', '<a></b>', '<a/><b/>', '<a x="1" x="2"/>', '<a>&unknown;</a>', '<a>&</a>', '<a x=1/>'];
  for (const source of [...bad, deep, '<!DOCTYPE a><a/>', '</a>', '<a', '<a><![CDATA[', '<!-- <a/>', '<a>&#0;</a>'])
    assert.equal(parseXml(source), undefined, source);
});

test('whatever arrives, it neither throws nor hangs', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    '&',
    ';',
    '"',
    '=',
    ' ',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '#x',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      parseXml(pieces.join(''));
    }),
    { numRuns: 5_000 },
  );
});
