/** Of what happens over and over in a minute, so many at most are told. */
export const MAX_TOLD_PER_MINUTE = 10;

/** Whether the nth of a minute is told: the 1st, 2nd, 4th, 8th …, so that a flood is seen and costs next to nothing. */
export function isTold(n: number): boolean {
  return n < 2 ** MAX_TOLD_PER_MINUTE && Number.isInteger(Math.log2(n));
}
