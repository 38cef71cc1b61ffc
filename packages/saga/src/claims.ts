/** The refusal of a command whose resource another saga holds. */
export const busyCode = 'Busy';
