import { ambient } from './rules/ambient.ts';
import { budgets } from './rules/budgets.ts';
import { compositionRoots } from './rules/composition-roots.ts';
import { cycles } from './rules/cycles.ts';
import { dependencyOwners } from './rules/dependency-owners.ts';
import { errorCodes } from './rules/error-codes.ts';
import { exportsRule } from './rules/exports.ts';
import { frontDoors } from './rules/front-doors.ts';
import { layering } from './rules/layering.ts';
import { ports } from './rules/ports.ts';

/** The rules of the house, in the order in which the style guide lists them. */
export const rules = [
  layering,
  cycles,
  frontDoors,
  dependencyOwners,
  compositionRoots,
  ports,
  exportsRule,
  errorCodes,
  ambient,
  budgets,
] as const;
