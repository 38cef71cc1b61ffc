import { errorCatalogue } from '@dure/core';

/** What can go wrong in the payment service beside its declared refusals. */
export const paymentErrors = errorCatalogue('PAYMENT', {
  // Not of a kind that is tried again in its place: the provider is silent about one payment, and others need not wait for it.
  PROVIDER_SILENT: {
    kind: 'internal',
    en: {
      title: 'The payment provider does not say what became of a payment',
      fix: 'Nothing: whoever waits asks by another way, and the payment is asked for again until the provider answers.',
    },
    ko: {
      title: '결제 대행사가 결제 결과를 답하지 않습니다',
      fix: '할 일은 없습니다. 기다리는 쪽이 다른 방법으로 물어보고, 결제는 대행사가 답할 때까지 다시 묻습니다.',
    },
  },
});
