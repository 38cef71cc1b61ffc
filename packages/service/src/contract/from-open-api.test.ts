import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDureError } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import { contractSource } from './from-open-api.ts';
import { bookshop } from './golden/bookshop.ts';
import { petstore } from './golden/petstore.ts';
import { openApi } from './open-api.ts';

const golden = join(import.meta.dirname, 'golden');
const biome = join(import.meta.dirname, '../../../../node_modules/.bin/biome');

for (const name of ['bookshop', 'petstore']) {
  test(`the contract of ${name} is the one that was read and approved (golden/${name}.ts)`, () => {
    const document: unknown = JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8'));
    const path = join(golden, `${name}.ts`);
    const formatted = execFileSync(biome, ['format', `--stdin-file-path=${path}`], {
      input: contractSource(document, { name }),
      encoding: 'utf8',
    });
    assert.equal(formatted, readFileSync(path, 'utf8'));
  });
}

test('a written contract is a contract: it can be called, mocked and described again', () => {
  assert.deepEqual(
    [bookshop.foreign, bookshop.baseUrl, Object.keys(petstore.operations)],
    [true, 'https://eu.books.example/api/v2', ['listPets', 'createPets', 'petsShowByID']],
  );
  const { paths } = openApi([bookshop, petstore], { title: 'both', version: '1' }) as { paths: object };
  assert.deepEqual(Object.keys(paths).length, 6);
});

const minimal = (operation: object, more: object = {}) => ({
  openapi: '3.1.0',
  paths: { '/things/{id}': { get: { responses: { 204: { description: 'ok' } }, ...operation } } },
  ...more,
});
const answering = (schema: object) => ({ responses: { 200: { content: { 'application/json': { schema } } } } });
const at = '#/paths/~1things~1{id}/get';
const schemaAt = `${at}/responses/200/content/application~1json/schema`;

const refused: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['Swagger 2', { swagger: '2.0', paths: {} }, '#/openapi', /is '2\.0', but must be 3\.0 or 3\.1/],
  ['what is no document', 'text', '#/openapi', /'none'/],
  ['a document without operations', { openapi: '3.0.1', paths: {} }, '#/paths', /no operation/],
  [
    'a form',
    minimal({ requestBody: { content: { 'multipart/form-data': {} } } }),
    `${at}/requestBody`,
    /a GET has no body/,
  ],
  [
    'a reference out of the document',
    minimal(answering({ $ref: 'other.json#/Pet' })),
    schemaAt,
    /"other\.json#\/Pet" does not lead/,
  ],
  ['a reference to nothing', minimal(answering({ $ref: '#/components/schemas/No' })), schemaAt, /leads nowhere/],
  ['`not`', minimal(answering({ not: { type: 'string' } })), `${schemaAt}/not`, /cannot express `not`/],
  ['a type that there is not', minimal(answering({ type: 'file' })), `${schemaAt}/type`, /no type 'file'/],
  [
    'a pattern of another language',
    minimal(answering({ type: 'string', pattern: '(?<!a' })),
    `${schemaAt}/pattern`,
    /not a regular expression/,
  ],
  ['an enum of objects', minimal(answering({ enum: [{}] })), `${schemaAt}/enum`, /lists texts/],
  [
    'a property that would change its object',
    minimal(answering(JSON.parse('{"type":"object","properties":{"__proto__":{}}}') as object)),
    `${schemaAt}/properties`,
    /not safe/,
  ],
  [
    'a schema that contains itself',
    minimal(answering({ $ref: '#/components/schemas/Tree' }), {
      components: { schemas: { Tree: { properties: { left: { $ref: '#/components/schemas/Tree' } } } } },
    }),
    '#/components/schemas/Tree/properties/left',
    /contains itself/,
  ],
  [
    'a deep object in the query',
    minimal({ parameters: [{ name: 'f', in: 'query', style: 'deepObject', schema: { type: 'object' } }] }),
    `${at}/parameters/0/style`,
    /only style of a query parameter is `form`/,
  ],
  [
    'a list with commas',
    minimal({ parameters: [{ name: 'f', in: 'query', explode: false, schema: { type: 'array' } }] }),
    `${at}/parameters/0/explode`,
    /repeating its parameter/,
  ],
  ['no success', minimal({ responses: { 404: { description: 'no' } } }), `${at}/responses`, /no answer of success/],
  [
    'two successes that differ',
    minimal({ responses: { 200: { content: { 'application/json': { schema: {} } } }, 204: {} } }),
    `${at}/responses`,
    /one output/,
  ],
  [
    'a path of half segments',
    { openapi: '3.1.0', paths: { '/a.{b}': { get: { responses: { 204: {} } } } } },
    '#/paths/~1a.{b}',
    /whole segments/,
  ],
  [
    'a method that a contract does not have',
    { openapi: '3.1.0', paths: { '/a': { head: { responses: { 204: {} } } } } },
    '#/paths/~1a/head',
    /no HEAD/,
  ],
];
for (const [what, document, pointer, reason] of refused) {
  test(`${what} is refused at ${pointer}`, () => {
    assert.throws(
      () => contractSource(document, { name: 'things' }),
      (error) => {
        assert.ok(isDureError(error), String(error));
        assert.equal(error.code, serviceErrors.DOCUMENT_INEXPRESSIBLE.code);
        const [problem] = error.details.problems as { pointer: string; reason: string }[];
        assert.equal(problem?.pointer, pointer);
        assert.match(problem?.reason ?? '', reason);
        assert.ok(error.message.startsWith(`${pointer}: `));
        return true;
      },
    );
  });
}

test('everything that is refused is told at once', () => {
  const document = minimal({ ...answering({ not: {} }), requestBody: {} });
  assert.throws(
    () => contractSource(document, { name: 'things' }),
    (error) => isDureError(error) && (error.details.problems as unknown[]).length === 3,
  );
});

test('what is refused can be left out, by `operationId` or name', () => {
  const document = {
    openapi: '3.1.0',
    paths: {
      '/good': { get: { operationId: 'good_one', responses: { 204: {} } } },
      '/bad': { get: { operationId: 'bad', requestBody: {}, responses: {} } },
    },
  };
  for (const only of ['good_one', 'goodOne'])
    assert.match(contractSource(document, { name: 'x', only: [only] }), /goodOne: get\('\/good'/);
});

test('nothing that a document holds becomes code', () => {
  const evil = `'); process.exit(1); ('\n*/ \u2028 \${x}\``;
  const source = contractSource(
    {
      openapi: '3.1.0',
      info: { title: evil, version: evil },
      servers: [{ url: evil }],
      paths: {
        '/a': {
          get: {
            operationId: evil,
            summary: evil,
            parameters: [
              { name: evil, in: 'query', schema: { enum: [evil] } },
              { name: evil, in: 'header', schema: {} },
            ],
            responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/E' } } } } },
          },
        },
      },
      components: { schemas: { E: { properties: { [evil]: { type: 'string', pattern: '/ + alert' } } } } },
    },
    { name: 'evil' },
  );
  const withoutTexts = source.replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''").replaceAll(/^\s*\/\/.*$/gm, '');
  assert.doesNotMatch(withoutTexts, /process\.|alert\b(?!\/u)|`|\*\//);
  assert.match(source, /\.regex\(\/\\\/ \+ alert\/u\)/);
});
