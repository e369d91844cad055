// Sessions that are not there. An object keeps a mark of the session that it was, so what is left of that elsewhere is
// nobody's for certain. Where there is no mark either, it may be the objects that are missing, and not a session.
import { log } from "../../log.ts";

export interface Presence {
  readonly exists: boolean;
  /** There was one, and all of it is gone. */
  readonly wasPurged: boolean;
}

/**
 * Which of the sessions on a page are gone, so that what is left of them may go too. When most of a page was never there,
 * as under another name of the class or in another account, nothing of those is touched: somebody has to look.
 */
export function goneOf<T extends Presence>(page: readonly T[]): readonly T[] {
  const missing = page.filter(({ exists, wasPurged }) => !exists && !wasPurged);
  const isMost = missing.length * 2 > page.length;
  if (isMost) log.error({ event: "objects_missing", sessions: missing.length, of: page.length });
  return page.filter(({ exists, wasPurged }) => !exists && (wasPurged || !isMost));
}
