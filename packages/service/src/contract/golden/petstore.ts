// The contract of Petstore 1.0.0, written by `dure add client` from its OpenAPI document.
import { contract, get, post } from '@dure/service/contract';
import { z } from 'zod';

export const Owner = z.looseObject({
  'e-mail': z.email().optional(),
  notes: z.record(z.string(), z.unknown()).optional(),
});

export const Pet = z.object({
  id: z.int(),
  name: z.string(),
  tag: z.string().nullable().optional(),
  owner: Owner.nullable().optional(),
  kind: z.enum(['cat', 'dog']).nullable().optional(),
  weight: z.number().gte(0).lt(100).optional(),
});

export const Pets = z.array(Pet).max(100);

export const ErrorSchema = z.object({
  code: z.int(),
  message: z.string(),
});

export const petstore = contract(
  'petstore',
  {
    listPets: get('/pets', {
      query: z.object({
        limit: z.int().gt(0).lte(100).optional(),
        status: z.array(z.enum(['available', 'pending', 'sold'])).optional(),
      }),
      output: Pets,
      access: 'public',
      summary: 'List all pets',
    }),
    createPets: post('/pets', {
      body: Pet,
      status: 201,
      refuses: {
        BadRequest: { status: 400, data: ErrorSchema },
      },
      access: 'public',
      summary: 'Create a pet',
    }),
    petsShowByID: get('/pets/:petId', {
      params: z.object({
        petId: z.int(),
      }),
      output: Pet,
      refuses: {
        NotFound: { status: 404, data: ErrorSchema },
      },
      access: 'public',
    }),
  },
  {
    baseUrl: 'https://petstore.example/v1',
    foreign: true,
  },
);
