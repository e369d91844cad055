// The Solid layer over the builds of Solid that it promises to run on, and a client in the test's hand in place of the core's.
import { vi } from "vitest";
import type { SessionClient, SessionClientOptions } from "../../../client/core/session-client.ts";
import type { SessionClientState } from "../../../client/core/session-state.ts";
import { INITIAL_STATE } from "../../../client/core/session-state.ts";
import { Store } from "../../../client/core/store.ts";
import type * as Layer from "../../../client/solid/index.ts";

/** What the tests use of Solid. */
interface Solid {
  createRoot<T>(work: (dispose: () => void) => T): T;
  createSignal<T>(value: T): [() => T, (value: T) => void];
  /** Does everything that has piled up. 1.9 has nothing of the kind: it waits for nothing. */
  flush(): void;
}

export interface SolidVersion {
  readonly solid: Solid;
  readonly layer: typeof Layer;
  /** Runs `work` again with whatever it read has changed. */
  watch(work: () => void): void;
}

/** By the file, because Node's condition would give the build for servers. */
const BUILDS = {
  "1.9": new URL("../../../node_modules/solid-js/dist/solid.js", import.meta.url),
  "1.9 on a server": new URL("../../../node_modules/solid-js/dist/server.js", import.meta.url),
  "2.0": new URL("../../../node_modules/solid-js-2/dist/solid.dev.js", import.meta.url),
  "2.0 on a server": new URL(
    "../../../node_modules/solid-js-2/dist/server.dev.js",
    import.meta.url,
  ),
};

export async function load(build: keyof typeof BUILDS): Promise<SolidVersion> {
  // What was put in place of another build is gone first.
  vi.doUnmock("solid-js");
  vi.resetModules();
  const module = await import(BUILDS[build].href);
  vi.doMock("solid-js", () => module);
  vi.doMock("../../../client/core/index.ts", async (original) => ({
    ...(await original<object>()),
    createSessionClient: (options: SessionClientOptions) => new HandDriven(options),
  }));
  const layer: typeof Layer = await import("../../../client/solid/index.ts");
  const watch = (work: () => void) => module.createEffect(work, () => undefined);
  return {
    solid: { ...module, flush: build === "2.0" ? module.flush : () => undefined },
    layer,
    watch,
  };
}

/** A client that does what the test says. */
class HandDriven {
  readonly store = new Store<SessionClientState>(INITIAL_STATE);
  readonly calls: string[] = [];
  readonly options: SessionClientOptions;
  readonly getState = () => this.store.get();
  readonly subscribe = (listener: () => void) => this.store.subscribe(listener);

  constructor(options: SessionClientOptions) {
    this.options = options;
    clients.push(this);
  }

  start(): void {
    this.calls.push("start");
    this.store.patch({ status: "creating" });
  }

  stop(): void {
    this.calls.push("stop");
    this.store.patch({ status: "idle" });
  }

  send(...[content]: Parameters<SessionClient["send"]>): ReturnType<SessionClient["send"]> {
    this.calls.push(`send ${content}`);
    this.store.patch({ pendingCount: this.store.get().pendingCount + 1 });
    return { clientId: "one", delivered: Promise.resolve() };
  }
}

/** All that were made since the test began. */
export const clients: HandDriven[] = [];
