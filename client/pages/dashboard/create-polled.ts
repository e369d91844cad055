import type { Accessor } from "solid-js";
import { createSignal, onCleanup } from "solid-js";

export interface Polled<T> {
  readonly value: Accessor<T | undefined>;
  /** Why the last attempt brought nothing new. */
  readonly error: Accessor<unknown>;
}

/** Asks again `everyMs` after each answer, while somebody looks; and at once when they look again. */
export function createPolled<T>(everyMs: number, load: () => Promise<T>): Polled<T> {
  const [value, setValue] = createSignal<T>();
  const [error, setError] = createSignal<unknown>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  let loading = false;
  const poll = async () => {
    clearTimeout(timer);
    if (loading || document.visibilityState === "hidden") {
      return;
    }
    loading = true;
    try {
      const loaded = await load();
      setValue(() => loaded);
      setError(undefined);
    } catch (reason) {
      setError(reason);
    }
    loading = false;
    if (!over) {
      timer = setTimeout(() => void poll(), everyMs);
    }
  };
  const looked = () => void poll();
  document.addEventListener("visibilitychange", looked);
  onCleanup(() => {
    over = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", looked);
  });
  void poll();
  return { value, error };
}
