import { edge, git, system } from '@dure/dure';
import { rabbitmqBus } from '@dure/rabbitmq';
import { price, priceService } from './price.ts';

/** The same services with their configuration in a repository, and Spring's services on the same bus. */
export const onGit = system('market', {
  services: { price: async () => priceService },
  edge: edge({ expose: [price] }),
  // region config
  config: {
    from: [
      git({
        url: 'https://git.example/config.git',
        searchPaths: ['{application}'], // price/application.yml comes before application.yml
        username: 'dure',
        passwordFile: './git.password', // mode 0600, as the next
        hookSecretFile: './hook.password',
      }),
      './config', // below the repository
    ],
    rollOut: { canary: true, watchMs: 60_000 },
    bus: rabbitmqBus({ url: 'amqp://127.0.0.1:5672' }),
  },
  // endregion
});
