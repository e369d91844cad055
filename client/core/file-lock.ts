// One tab at a time at a file. It spares the network; that a file is there once, the server sees to.
import type { Clock } from "./environment.ts";
import type { FileScope } from "./file-scope.ts";

/** How long a tab leaves a file to another that seems to be at it. */
const PATIENCE_MS = 120_000;

export type FileLock = (uploadId: string) => Promise<() => void>;

/** @returns what resolves, once no other tab is at the file, with what lets others at it */
export function createFileLock(locks: FileScope["locks"], clock: Clock): FileLock {
  return (uploadId) =>
    new Promise((resolve) => {
      if (!locks) {
        resolve(() => undefined);
        return;
      }
      let isLate = false;
      const goAhead = () => {
        isLate = true;
        resolve(() => undefined);
      };
      const cancelPatience = clock.after(PATIENCE_MS, goAhead);
      const held = () => {
        cancelPatience();
        return new Promise<void>((release) => {
          if (isLate) {
            release();
          }
          resolve(release);
        });
      };
      locks.request(`durable-sessions/upload/${uploadId}`, held).catch(() => {
        cancelPatience();
        goAhead();
      });
    });
}
