declare const brand: unique symbol;

/** A type that only its own constructor makes: `type OrderId = Brand<string, 'OrderId'>`. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
