import type { Page } from 'playwright-core';

/** What a person does in the storefront, found as a person finds it: by role and by name. */
export interface Storefront {
  register(name: string, email: string): Promise<void>;
  /** Opens a product from the list, by its name, and puts it into the basket. */
  choose(product: string): Promise<void>;
  /** From wherever it is to the basket, and on. */
  checkOut(): Promise<void>;
  /** Fills in the address and orders, paying by card. */
  order(): Promise<void>;
}

const password = 'correct horse battery';

/** Buys in English. */
export function storefront(page: Page): Storefront {
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const link = (name: string | RegExp) => page.getByRole('link', { name });
  return {
    async register(name, email) {
      await link('Create an account').click();
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Password').fill(password);
      await button('Create an account').click();
    },
    async choose(product) {
      await link('Dure Market, to the products').click();
      await page.getByRole('list', { name: 'Products' }).getByRole('link', { name: product }).click();
      await page.getByRole('heading', { level: 1, name: product }).waitFor();
      await button('Add to basket').click();
      await page.getByRole('status').filter({ hasText: product }).waitFor();
    },
    async checkOut() {
      await link(/^Basket/)
        .first()
        .click();
      await page.getByRole('heading', { level: 1, name: 'Basket' }).waitFor();
      await link('To checkout').click();
    },
    async order() {
      await page.getByRole('heading', { level: 1, name: 'Checkout' }).waitFor();
      await page.getByLabel('Street and number').fill('세종대로 110');
      await page.getByLabel('City').fill('서울');
      await page.getByLabel('Postcode').fill('04524');
      await button(/^Order for ₩/).click();
    },
  };
}
