import type { Reporter, TestModule } from "vitest/node";

/** Ends the output with one line that a person or a CI job can read the outcome from. */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let skipped = 0;
    // An error outside any test counts as a failure: without it the line would claim a run that Vitest refuses.
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      passed += tests.filter((test) => test.result().state === "passed").length;
      skipped += tests.filter((test) => test.result().state === "skipped").length;
      const failedTests = tests.filter((test) => test.result().state === "failed").length;
      failed += failedTests === 0 && module.state() === "failed" ? 1 : failedTests;
    }
    const counts = [`${passed} passed`, `${failed} failed`];
    if (skipped > 0) counts.push(`${skipped} skipped`);
    // Vitest's own summary is written in the same turn, after this hook.
    process.once("exit", () => process.stdout.write(`\ntests: ${counts.join(", ")}\n`));
  }
}
