/** A day is 24 hours in all rules, whatever the calendar says. */
export const DAY_MS = 86_400_000;
