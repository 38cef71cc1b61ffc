import { edge, system } from '@dure/dure';
import { trip } from './contracts.ts';

export const trips = system('trips', {
  services: {
    trip: () => import('./trip/service.ts').then((module) => module.tripService),
    hotel: () => import('./hotel/service.ts').then((module) => module.hotelService),
    airline: () => import('./airline/service.ts').then((module) => module.airlineService),
    till: () => import('./till/service.ts').then((module) => module.tillService),
  },
  edge: edge({ expose: [trip] }),
});
