// What the client needs from the place it runs in. Nothing else in client/core touches a global, so that the same code runs in
// a page, in a test with a simulated clock, and wherever else these few things can be had.

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
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `ms` milliseconds, unless the returned function is called first. */
  after(ms: number, callback: () => void): () => void;
}

/** Whether somebody is looking, and what suggests that the network changed while nobody was. */
export interface Attention {
  visible(): boolean;
  /** `returned`: shown or focused again. `network`: it went away or came back. Returns what ends the subscription. */
  subscribe(listener: (event: "returned" | "network") => void): () => void;
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
}
