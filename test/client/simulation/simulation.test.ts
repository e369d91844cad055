// The client's core in a simulated browser, from seeds. A run that fails is run again by its number alone:
// SIMULATION_SEEDS=17 npm run vitest -- run --project unit test/client/simulation
import { describe, expect, test } from "vitest";
import { violations } from "./invariants.ts";
import { play, SCENARIOS, scenarioOf } from "./scenarios.ts";

/** `first-last`, or one number. */
const [firstSeed = 1, lastSeed = firstSeed] = (process.env.SIMULATION_SEEDS ?? "1-300")
  .split("-")
  .map(Number);
const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, index) => firstSeed + index);

describe("a browser", () => {
  test.each(SCENARIOS.map(({ name }) => name))("%s", { timeout: 600_000 }, async (name) => {
    const failures: string[] = [];
    let history = "";
    for (const seed of seeds.filter((one) => scenarioOf(one).name === name)) {
      const simulation = await play(seed);
      const found = violations(simulation);
      if (found.length > 0) {
        failures.push(`${seed}: ${found.join("; ")}`);
        history ||= `SIMULATION_SEEDS=${seed}\n${simulation.world.recent()}`;
      }
    }
    expect(failures, history).toEqual([]);
  });
});

test("a seed repeats its run to the letter", async () => {
  for (const seed of seeds.slice(0, SCENARIOS.length)) {
    const first = await play(seed);
    const second = await play(seed);
    expect(second.world.history()).toEqual(first.world.history());
  }
});
