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

/** What axe finds against the page, or against one frame of it, of the kinds that shut people out, in either theme. */
export async function violations(place: Page | Frame): Promise<string[]> {
  const page = "page" in place ? place.page() : place;
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await violationsAsShown(place)).map((one) => `${colorScheme}: ${one}`));
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}

async function violationsAsShown(place: Page | Frame): Promise<string[]> {
  // What moves has no contrast yet.
  await place.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => {
      const { iterations } = effect?.getComputedTiming() ?? {};
      return iterations !== Number.POSITIVE_INFINITY;
    });
    await Promise.all(ending.map(({ finished }) => finished.catch(() => undefined)));
  });
  if (!(await place.evaluate("'axe' in window"))) {
    await place.evaluate(AXE);
  }
  const { violations: found }: AxeResults = await place.evaluate(
    "axe.run(document, { iframes: false, preload: false, resultTypes: ['violations'] })",
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
    );
}
