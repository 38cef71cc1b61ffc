/** An amount of money: a safe integer in the currency's minor unit (KRW has none, so its unit is the won). */
export interface Money {
  readonly amount: number;
  /** ISO 4217: `KRW`. */
  readonly currency: string;
}
