// Measuring two things against each other on a machine that has other things to do: short rounds by turns, so that what
// slows one slows the other, and medians, so that a round that met a pause does not count.

export interface Figure {
  readonly title: string;
  readonly unit: string;
  /** What ours ÷ bare has to be. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
}

/** What is measured of both sides, and how one round of a side goes. */
export interface Contest {
  readonly name: string;
  /** What a round yields, in this order. */
  readonly figures: readonly Figure[];
  readonly ours: Side;
  readonly bare: Side;
}

export interface Side {
  /** One round of about `seconds`, one number a figure. */
  round(seconds: number): Promise<readonly number[]>;
}

export interface Sample {
  readonly median: number;
  readonly quartiles: readonly [number, number];
  readonly rounds: readonly number[];
}

export interface Finding extends Figure {
  readonly contest: string;
  readonly ours: Sample;
  readonly bare: Sample;
  readonly ratio: number;
  readonly isMet: boolean;
}

export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
}

/** Runs a round of each side that does not count, then `rounds` of each by turns, the first turn alternating. */
export async function hold(contest: Contest, { rounds, seconds }: Effort): Promise<Finding[]> {
  const { ours, bare, figures } = contest;
  const measured = { ours: [] as (readonly number[])[], bare: [] as (readonly number[])[] };
  await bare.round(seconds);
  await ours.round(seconds);
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) measured.bare.push(await bare.round(seconds));
    measured.ours.push(await ours.round(seconds));
    if (round % 2 === 1) measured.bare.push(await bare.round(seconds));
  }
  return figures.map((figure, index) => {
    const [a, b] = [sample(column(measured.ours, index)), sample(column(measured.bare, index))];
    const ratio = a.median / b.median;
    const { goal } = figure;
    const isMet = "atLeast" in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
    return { ...figure, contest: contest.name, ours: a, bare: b, ratio, isMet };
  });
}

function column(rounds: readonly (readonly number[])[], index: number): number[] {
  return rounds.map((round) => round[index] ?? Number.NaN);
}

function sample(rounds: readonly number[]): Sample {
  return {
    median: quantile(rounds, 0.5),
    quartiles: [quantile(rounds, 0.25), quantile(rounds, 0.75)],
    rounds,
  };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Between the two nearest values, linearly; NaN without any. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
