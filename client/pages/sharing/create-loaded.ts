import type { Accessor } from "solid-js";
import { createSignal } from "solid-js";

export interface Loaded<T> {
  /** What the last answer said; undefined before the first. */
  readonly value: Accessor<T | undefined>;
  /** Whether the last attempt failed: the value is then as old as it is. */
  readonly failed: Accessor<boolean>;
  reload(): Promise<void>;
}

/** Something that the server keeps, asked for with each `reload`; an answer that a later one has overtaken is dropped. */
export function createLoaded<T extends object>(load: () => Promise<T>): Loaded<T> {
  const [value, setValue] = createSignal<T>();
  const [failed, setFailed] = createSignal(false);
  let asked = 0;
  let shown = 0;
  const reload = async () => {
    asked += 1;
    const turn = asked;
    const answer = await load().catch(() => undefined);
    if (turn < shown) {
      return;
    }
    shown = turn;
    setFailed(answer === undefined);
    if (answer !== undefined) {
      setValue(() => answer);
    }
  };
  return { value, failed, reload };
}
