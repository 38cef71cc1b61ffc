import { feed, system } from '@dure/dure';
import { teaHouse } from './tea-house.ts';

// region line
export const onFeed = system('tea-house', { ...teaHouse, broker: feed() });
// endregion
