// The contract of Bookshop 2.3.0, written by `dure add client` from its OpenAPI document.
// credentials "key" (apiKey header X-Api-Key): send them by `with({}, { headers })`
import { bytes, contract, get, post, put, remove } from '@dure/service/contract';
import { z } from 'zod';

export const Price = z.object({
  amount: z.int().gte(0),
  currency: z.enum(['EUR', 'KRW', 'USD']),
});

export const NewBook = z.object({
  title: z.string().min(1).max(200),
  isbn: z
    .string()
    .regex(/^97[89]\d{10}$/u)
    .optional(),
  price: Price,
  format: z.enum(['paper', 'ebook']).nullable().optional(),
  languages: z.array(z.string()).min(1).optional(),
  dimensions: z.tuple([z.number(), z.number()]).optional(),
  extra: z.record(z.string(), z.string()).optional(),
});

export const InStock = z.object({
  kind: z.literal('in-stock'),
  left: z.int(),
});

export const SoldOut = z.object({
  kind: z.literal('sold-out'),
  since: z.iso.date().nullable().optional(),
});

export const Book = z.intersection(
  NewBook,
  z.object({
    id: z.uuid(),
    added: z.iso.datetime({ offset: true }).optional(),
    state: z.union([InStock, SoldOut]),
  }),
);

export const Problem = z.object({
  title: z.string(),
  detail: z.string().optional(),
});

export const bookshop = contract(
  'bookshop',
  {
    // needs the header "X-Tenant": send it by a policy's `headers`
    listBooks: get('/books', {
      query: z.object({
        after: z.string().max(200).optional(),
        tag: z.array(z.string()).optional(),
        'max-price': z.number().gt(0).optional(),
      }),
      output: z.object({
        items: z.array(Book),
        next: z.string().nullable().optional(),
      }),
      access: 'public',
      summary: 'Books, newest first',
    }),
    addBook: post('/books', {
      body: NewBook,
      output: Book,
      status: 201,
      refuses: {
        Conflict: { status: 409, data: Problem },
        Unprocessable: { status: 422, data: z.unknown() },
      },
      access: 'public',
      idempotent: 'key',
    }),
    getBook: get('/books/:bookId', {
      params: z.object({
        bookId: z.uuid(),
      }),
      output: Book,
      refuses: {
        NotFound: { status: 404, data: Problem },
      },
      access: 'public',
    }),
    deleteBooksByBookId: remove('/books/:bookId', {
      params: z.object({
        bookId: z.uuid(),
      }),
      refuses: {
        NotFound: { status: 404, data: Problem },
        Conflict: { status: 409, data: Problem },
      },
      access: 'public',
    }),
    putCover: put('/books/:bookId/cover', {
      params: z.object({
        bookId: z.uuid(),
      }),
      body: bytes({ type: ['image/png', 'image/jpeg'] }),
      access: 'public',
    }),
    getCover: get('/books/:bookId/cover', {
      params: z.object({
        bookId: z.uuid(),
      }),
      output: bytes({ type: 'image/*' }),
      access: 'public',
    }),
    followPrices: get('/prices', {
      output: Price,
      stream: true,
      access: 'public',
    }),
  },
  {
    baseUrl: 'https://eu.books.example/api/v2',
    foreign: true,
  },
);
