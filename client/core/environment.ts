// What the client needs from the place it runs in. Nothing else in client/core touches a global, so that the same code runs in
// a page, in a test with a simulated clock, and wherever else these few things can be had.
import type { DeviceInfo } from "../../src/protocol/session.ts";
import type { FileScope } from "./file-scope.ts";

/** A connected or connecting socket. After `close()` its listeners hear nothing more. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketListeners {
  text(text: string): void;
  /** Once, also when the connection could not be made; `code` and `reason` as in `CloseEvent`. */
  closed(code: number, reason: string): void;
}

/** As `localStorage` or `sessionStorage`. Any method may throw. */
export interface KeyValueStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `ms` milliseconds, unless the returned function is called first. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * `returned`: shown or focused again. `network`: it went away or came back. `left`: the page is about to be put away, for
 * good or until it `returned`.
 */
export type AttentionEvent = "returned" | "network" | "left";

/** Whether somebody is looking, and what suggests that the network changed while nobody was. */
export interface Attention {
  visible(): boolean;
  /** Returns what ends the subscription. */
  subscribe(listener: (event: AttentionEvent) => void): () => void;
}

/** What a tab tells the others of this browser: a hint to look into storage, never a secret. */
export interface TabMessage {
  readonly kind: "session" | "terminated" | "outbox";
  readonly teamId?: string;
  readonly sessionId?: string;
  readonly version?: number | undefined;
}

/** The other tabs of the origin. */
export interface Tabs {
  post(message: TabMessage): void;
  /**
   * Hears the others', and possibly its own: late, more than once or not at all; and that storage has changed. Returns what
   * ends the subscription.
   */
  subscribe(listener: (message: TabMessage) => void): () => void;
}

export interface Environment {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly openSocket: (
    url: string,
    protocols: readonly string[],
    listeners: SocketListeners,
  ) => Socket;
  /** Shared by every tab of the origin. Undefined where there is none: the session then lives as long as the client. */
  readonly storage: KeyValueStorage | undefined;
  /** This tab's alone, and there again after a reload: what a share link opened stays in it. */
  readonly tabStorage: KeyValueStorage | undefined;
  /**
   * The invite that the page was opened with, taken out of its address: only the first call gives it. Undefined where
   * there was none.
   */
  readonly takeInvite: () => string | undefined;
  readonly clock: Clock;
  /** Evenly distributed in [0, 1); for jitter only. */
  readonly random: () => number;
  /** An unguessable identifier of at least 128 random bits in URL-safe characters. */
  readonly newId: () => string;
  readonly attention: Attention;
  readonly tabs: Tabs;
  /**
   * Runs `work` while no other tab runs its own under this name; gives up waiting after a while. Makes it rare that two
   * tabs do the same at once, and nothing depends on it.
   */
  readonly exclusively: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** What this device is, as far as it says. Never rejects. */
  readonly deviceInfo: () => Promise<DeviceInfo | undefined>;
  /** What stays the same in this browser. Never rejects; undefined where it cannot or must not be told. */
  readonly fingerprint: () => Promise<string | undefined>;
  /** What of the place files use, in place of the browser's own. */
  readonly files?: Partial<FileScope>;
}
