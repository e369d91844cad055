// One page of the site in a simulated browser, from its load until it is closed, killed or loaded anew.
import { createSessionClient } from "../../../client/core/client.ts";
import type {
  AttentionEvent,
  Environment,
  KeyValueStorage,
  TabMessage,
} from "../../../client/core/environment.ts";
import type { RequestError } from "../../../client/core/request-error.ts";
import type { SessionClient, SessionClientOptions } from "../../../client/core/session-client.ts";
import type { Browser } from "./browser.ts";
import type { Receiver } from "./network.ts";
import type { StorageView } from "./shared-storage.ts";
import type { World } from "./world.ts";

/** A message that a person wrote, and what the page said of it. */
export interface Written {
  readonly tab: string;
  readonly clientId: string;
  readonly content: string;
  /** Whether the browser has kept it all the time: what it lost, no other tab can know of. */
  isKept: boolean;
  outcome: "open" | "stored" | "refused";
}

export type ClientSettings = Pick<
  SessionClientOptions,
  "autoCreate" | "autoRefresh" | "refreshInterval" | "tokenTransport"
>;

const BASE_URL = "https://chat.example";

export class Tab implements Receiver {
  readonly name: string;
  readonly storage: StorageView;
  readonly tabStorage: KeyValueStorage;
  readonly client: SessionClient;
  readonly #world: World;
  readonly #browser: Browser;
  readonly #attention = new Set<(event: AttentionEvent) => void>();
  readonly #tabMessages = new Set<(message: TabMessage) => void>();
  /** What happened while it was frozen. */
  readonly #missed: (() => void)[] = [];
  /** When it called the server or opened a socket. */
  readonly calls: number[] = [];
  #terminations = 0;
  state: "running" | "frozen" | "gone" = "running";
  isVisible = true;

  constructor(
    browser: Browser,
    world: World,
    name: string,
    storage: { readonly shared: StorageView; readonly own: KeyValueStorage },
    settings: ClientSettings,
  ) {
    this.#browser = browser;
    this.#world = world;
    this.name = name;
    this.storage = storage.shared;
    this.tabStorage = storage.own;
    this.client = createSessionClient({
      baseUrl: BASE_URL,
      teamId: "demo",
      environment: this.#environment(),
      ...settings,
    });
    this.storage.owner = name;
    this.storage.changed = (key) => this.hear({ kind: kindOf(key) });
    this.note("opens");
    this.client.start();
    this.#noteChanges();
  }

  /** Something happens to the page, if it is there: a frozen one comes to it later. */
  deliver(happen: () => void): void {
    if (this.state === "running") {
      happen();
    } else if (this.state === "frozen") {
      this.#missed.push(happen);
    }
  }

  /** What it ends from now on until that is through, it ends because the person said so. */
  terminate(): void {
    this.note("is asked to terminate the session");
    this.#terminations += 1;
    const settled = () => {
      this.#terminations -= 1;
    };
    this.client.terminateSession().then(settled, settled);
  }

  write(content: string): Written {
    const isKept = this.#browser.storage.health === "good";
    const { clientId, delivered } = this.client.send(content);
    const written: Written = { tab: this.name, clientId, content, isKept, outcome: "open" };
    this.note(`writes ${content} as ${clientId.slice(0, 8)}`);
    delivered.then(
      () => {
        written.outcome = "stored";
      },
      (error: RequestError) => {
        this.note(`${content} is refused: ${error.code}`);
        written.outcome = "refused";
      },
    );
    return written;
  }

  signal(event: AttentionEvent): void {
    this.note(event);
    for (const listener of [...this.#attention]) {
      listener(event);
    }
  }

  hear(message: TabMessage): void {
    if (this.state === "running") {
      for (const listener of [...this.#tabMessages]) {
        listener(message);
      }
    }
  }

  show(isVisible: boolean): void {
    this.isVisible = isVisible;
    if (isVisible) {
      this.signal("returned");
    }
  }

  /** Into the back-forward cache. */
  freeze(): void {
    this.signal("left");
    this.state = "frozen";
  }

  thaw(): void {
    this.state = "running";
    for (const happen of this.#missed.splice(0)) {
      happen();
    }
    this.isVisible = true;
    this.signal("returned");
  }

  /** Its scripts run no further. */
  end(how: "closed" | "killed"): void {
    if (how === "closed" && this.state === "running") {
      this.signal("left");
    }
    this.note(`is ${how}`);
    this.state = "gone";
  }

  note(what: string): void {
    this.#world.note(this.name, what);
  }

  #noteChanges(): void {
    let before = "";
    this.client.subscribe(() => {
      const { status, connection, sessionId, pendingCount } = this.client.getState();
      const now = `${status}, ${connection.state}, ${sessionId}, ${pendingCount} pending`;
      if (now !== before) {
        before = now;
        this.note(now);
      }
    });
  }

  #environment(): Environment {
    const world = this.#world;
    const browser = this.#browser;
    return {
      fetch: (url, init) => {
        this.calls.push(world.now);
        if (this.#terminations > 0 && init.method === "DELETE") {
          browser.askedToEnd.add(url.split("/").at(-1) ?? "");
        }
        return browser.network.fetch(this, url, init);
      },
      openSocket: (url, protocols, listeners) => {
        this.calls.push(world.now);
        this.note("opens a socket");
        return browser.network.openSocket(this, url, protocols, listeners);
      },
      storage: this.storage,
      tabStorage: this.tabStorage,
      takeInvite: () => undefined,
      clock: {
        now: () => Math.floor(world.now) + browser.clockOffsetMs,
        after: (ms, callback) => this.#timer(ms, callback),
      },
      random: () => world.random(),
      newId: () => hexadecimal(world),
      attention: {
        visible: () => this.isVisible,
        subscribe: (listener) => subscribe(this.#attention, listener),
      },
      tabs: {
        post: (message) => browser.post(this, message),
        subscribe: (listener) => subscribe(this.#tabMessages, listener),
      },
      exclusively: (name, work) => browser.exclusively(this, name, work),
      deviceInfo: async () => undefined,
      fingerprint: async () => undefined,
    };
  }

  /** Timers of a page that nobody sees come late. */
  #timer(ms: number, callback: () => void): () => void {
    const lateMs = this.isVisible ? 0 : this.#world.random() * 1000;
    let isCancelled = false;
    const cancel = this.#world.after(ms + lateMs, () =>
      this.deliver(() => {
        if (!isCancelled) {
          callback();
        }
      }),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }
}

/** What a page makes of an item that another one wrote. */
function kindOf(key: string): TabMessage["kind"] {
  return key.includes("/out/") ? "outbox" : "session";
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function hexadecimal(world: World): string {
  return Array.from({ length: 4 }, () =>
    Math.floor(world.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}
