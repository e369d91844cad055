import type { TestProject } from "vitest/node";
import { startServer } from "../support/server.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly origin: string;
  }
}

/** One server for all files, ended with the run whatever becomes of the tests. */
export default async function startSharedServer(
  project: TestProject,
): Promise<() => Promise<void>> {
  const server = await startServer();
  project.provide("origin", server.origin);
  return () => server.close();
}
