// The findings as a Markdown table, for a terminal and for docs/benchmarks.md.
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform } from "node:os";
import type { Finding, Sample } from "./rounds.ts";

export interface Machine {
  readonly os: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly workerd: string;
  readonly miniflare: string;
  readonly wrangler: string;
}

export function describeMachine(): Machine {
  return {
    os: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    node: process.version,
    workerd: installed("workerd"),
    miniflare: installed("miniflare"),
    wrangler: installed("wrangler"),
  };
}

function installed(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}

export function markdown(findings: readonly Finding[], machine: Machine): string {
  const rows = findings.map(
    ({ title, unit, ours, bare, ratio, goal, isMet }) =>
      `| ${title} | ${unit} | ${cell(ours)} | ${cell(bare)} | **${ratio.toFixed(2)}** | ${
        "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`
      } | ${isMet ? "yes" : "no"} |`,
  );
  const { os, cpu, cores, node, workerd, miniflare, wrangler } = machine;
  return [
    "| what | unit | ours | bare | ours ÷ bare | goal | met |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    `Medians of rounds taken by turns, quartiles in brackets. ${cores} cores (${cpu}), ${os}, Node ${node},`,
    `workerd ${workerd}, miniflare ${miniflare}, wrangler ${wrangler}.`,
  ].join("\n");
}

function cell({ median, quartiles: [low, high] }: Sample): string {
  return `${rounded(median)} (${rounded(low)}–${rounded(high)})`;
}

/** Three digits that count. */
function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });
}
