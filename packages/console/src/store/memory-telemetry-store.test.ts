import { telemetryStoreContract } from '../testing/telemetry-store-contract.ts';
import { defaultLimits, memoryTelemetryStore } from './memory-telemetry-store.ts';

telemetryStoreContract('memory', async (limits) => memoryTelemetryStore({ ...defaultLimits, ...limits }));
