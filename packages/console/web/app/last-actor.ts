/** Who acted last is likely to act again. */
export const lastActor = { name: '' };
