export { newPassword } from './password.ts';
export type { DatabaseOrder, ProvisionedDatabase, ProvisionOptions } from './provision-databases.ts';
export { provisionDatabases } from './provision-databases.ts';
export { verifyIsolation } from './verify-isolation.ts';
