// What of a session has to do with its end, put together.
import { Erasing } from "./erasing.ts";
import { Export } from "./export.ts";
import { Lifecycle } from "./lifecycle.ts";
import { LifecycleNotes } from "./lifecycle-notes.ts";
import { Purge } from "./purge.ts";

type Parts = ConstructorParameters<typeof Export>[0] &
  Omit<ConstructorParameters<typeof Erasing>[0], "export" | "notes"> &
  Omit<ConstructorParameters<typeof Purge>[0], "erasing"> &
  Omit<ConstructorParameters<typeof Lifecycle>[0], "purge" | "notes">;

export interface Ending {
  readonly export: Export;
  readonly erasing: Erasing;
  readonly lifecycle: Lifecycle;
}

export function endingOf(parts: Parts, kv: SyncKvStorage): Ending {
  const notes = new LifecycleNotes(kv);
  const all = new Export(parts);
  const erasing = new Erasing({ ...parts, export: all, notes });
  const purge = new Purge({ ...parts, erasing });
  return { export: all, erasing, lifecycle: new Lifecycle({ ...parts, purge, notes }) };
}
