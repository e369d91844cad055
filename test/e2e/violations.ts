import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Frame, Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly {
      readonly target: readonly unknown[];
      readonly failureSummary: string;
    }[];
  }[];
}

/** What axe finds against the page, or against one frame of it, of the kinds that shut people out. */
export async function violations(place: Page | Frame): Promise<string[]> {
  // What moves has no contrast yet.
  await place.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => {
      const { iterations } = effect?.getComputedTiming() ?? {};
      return iterations !== Number.POSITIVE_INFINITY;
    });
    await Promise.all(ending.map(({ finished }) => finished.catch(() => undefined)));
  });
  await place.evaluate(AXE);
  const { violations: found }: AxeResults = await place.evaluate(
    "axe.run(document, { iframes: false, preload: false, resultTypes: ['violations'] })",
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
    );
}
