// What lies between a browser and the server: everything takes a while, some of it gets lost in either direction, and sockets die
// with or without saying so.
import type { Socket, SocketListeners } from "../../../client/core/environment.ts";
import { CLOSE_CODES } from "../../../src/protocol/close-codes.ts";
import type { ModelPeer } from "./model-peer.ts";
import type { ModelAnswer, ModelServer } from "./model-server.ts";
import { Delays } from "./shared-storage.ts";
import type { World } from "./world.ts";

/** Whom something is delivered to: a page that may be frozen or gone by then. */
export interface Receiver {
  readonly name: string;
  deliver(happen: () => void): void;
}

const ABNORMAL_CLOSURE = 1006;

export class Network {
  /** `offline`: nothing gets out of the browser. `down`: nobody answers at the other end. */
  state: "good" | "lossy" | "offline" | "down" = "good";
  /** The browser's, for the team; no page reads it. */
  cookie = "";
  /** Milliseconds that one way takes at most. */
  slownessMs = 100;
  readonly #world: World;
  readonly #server: ModelServer;
  readonly #links = new Set<Link>();
  /** Grows with each sleep: nothing is on its way for so long. */
  #sleeps = 0;

  constructor(world: World, server: ModelServer) {
    this.#world = world;
    this.#server = server;
  }

  /** Open sockets. */
  get links(): readonly Link[] {
    return [...this.#links];
  }

  linksOf(receiver: Receiver): readonly Link[] {
    return this.links.filter((link) => link.receiver === receiver);
  }

  fetch(receiver: Receiver, url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url);
    const method = init.method ?? "GET";
    const call = `${method} ${pathname}`;
    const headers = new Headers(init.headers);
    const takesCookies = init.credentials === "include";
    if (takesCookies && this.cookie !== "") {
      headers.set("cookie", this.cookie);
    }
    const body = typeof init.body === "string" ? init.body : "";
    this.#world.note(receiver.name, `${call}?`);
    return new Promise((resolve, reject) => {
      const fails = (why: string) => {
        this.#world.note(receiver.name, `${call}: ${why}`);
        reject(new TypeError(why));
      };
      const fail = (why: string, ms: number) =>
        this.#world.after(ms, () => receiver.deliver(() => fails(why)));
      init.signal?.addEventListener("abort", () => fails("aborted"));
      if (this.state === "offline") {
        fail("offline", this.#way());
      } else if (this.#isLost()) {
        this.#sometimes(() => fail("lost", this.#world.between(100, 20_000)));
      } else {
        const sleeps = this.#sleeps;
        this.#world.after(this.#way(), () => {
          if (sleeps !== this.#sleeps) {
            fail("lost", 0);
            return;
          }
          const request = { method, path: pathname, query: searchParams, headers, body };
          const answer = this.#busy() ?? this.#server.request(request);
          if (this.#isLost()) {
            this.#sometimes(() => fail("answer lost", this.#world.between(100, 20_000)));
            return;
          }
          this.#world.after(this.#way(), () => {
            if (takesCookies && sleeps === this.#sleeps) {
              // Whether or not the page that asked is there any more.
              this.cookie = answer.cookie ?? this.cookie;
            }
            receiver.deliver(() => {
              if (sleeps !== this.#sleeps) {
                fails("lost");
                return;
              }
              this.#world.note(receiver.name, `${call}: ${answer.status}`);
              resolve(new ModelResponse(answer));
            });
          });
        });
      }
    });
  }

  openSocket(
    receiver: Receiver,
    url: string,
    protocols: readonly string[],
    listeners: SocketListeners,
  ): Socket {
    const link = new Link(this.#world, receiver, listeners, () => this.#links.delete(link));
    this.#links.add(link);
    if (this.state === "offline" || this.#isLost()) {
      this.#sometimes(() => link.fail(this.#way()));
    } else {
      this.#world.after(this.#way(), () => {
        if (this.state === "down") {
          link.fail(this.#way());
        } else if (!link.isOver) {
          link.connect(this.#server, new URL(url), protocols);
        }
      });
    }
    return link.socket();
  }

  /** Every connection is lost, and who is at its ends hears of it or not. */
  lose(): void {
    for (const link of this.links) {
      if (this.#world.chance(0.5)) {
        link.silence();
      } else {
        link.fail(this.#way());
      }
    }
  }

  /** The device sleeps, with all that was on its way. */
  sleep(): void {
    this.#sleeps += 1;
    this.lose();
  }

  #way(): number {
    return 1 + this.#world.random() * this.slownessMs;
  }

  #isLost(): boolean {
    return this.state === "lossy" && this.#world.chance(0.25);
  }

  /** What is lost is reported as such half of the time; the other half nothing is ever heard. */
  #sometimes(report: () => void): void {
    if (this.#world.chance(0.5)) {
      report();
    }
  }

  #busy(): ModelAnswer | undefined {
    if (this.state === "down") {
      return problem(503, "unavailable");
    }
    return this.state === "lossy" && this.#world.chance(0.1)
      ? problem(429, "rate_limited")
      : undefined;
  }
}

/** One socket, from the page to the server. */
export class Link {
  readonly receiver: Receiver;
  readonly #world: World;
  readonly #listeners: SocketListeners;
  readonly #over: () => void;
  readonly #up: Delays;
  readonly #down: Delays;
  #peer: ModelPeer | undefined;
  #isClosedHere = false;
  #isSilent = false;

  constructor(world: World, receiver: Receiver, listeners: SocketListeners, over: () => void) {
    this.#world = world;
    this.receiver = receiver;
    this.#listeners = listeners;
    this.#over = over;
    this.#up = new Delays(world, 80);
    this.#down = new Delays(world, 80);
  }

  get isOver(): boolean {
    return this.#isClosedHere;
  }

  socket(): Socket {
    return {
      send: (text) => {
        this.#up.after(() => {
          if (!this.#isSilent) {
            this.#peer?.receive(text);
          }
        });
      },
      close: () => {
        this.#isClosedHere = true;
        this.#over();
        this.#up.after(() => this.#peer?.gone());
      },
    };
  }

  connect(server: ModelServer, url: URL, protocols: readonly string[]): void {
    this.#peer = server.connect(url, protocols, {
      name: this.receiver.name,
      send: (text) => this.#arrive(() => this.#listeners.text(text)),
      close: (code, reason) => this.#arrive(() => this.#closed(code, reason)),
    });
  }

  /** The server wants the client to come again. */
  resync(): void {
    this.#peer?.close(CLOSE_CODES.resync, "too far behind");
  }

  /** The connection breaks, and both ends hear of it. */
  fail(ms: number): void {
    this.#peer?.gone();
    this.#down.after(() => this.receiver.deliver(() => this.#closed(ABNORMAL_CLOSURE, "")), ms);
  }

  /** Nothing comes through any more, in either direction, and nobody is told. */
  silence(): void {
    this.#isSilent = true;
  }

  #arrive(happen: () => void): void {
    this.#down.after(() => {
      if (!this.#isSilent) {
        this.receiver.deliver(() => {
          if (!this.#isClosedHere) {
            happen();
          }
        });
      }
    });
  }

  #closed(code: number, reason: string): void {
    if (!this.#isClosedHere) {
      this.#isClosedHere = true;
      this.#over();
      this.#world.note(this.receiver.name, `socket closed with ${code} ${reason}`);
      this.#listeners.closed(code, reason);
    }
  }
}

/** Its body is there already: reading it waits for no stream, and so for no clock. */
class ModelResponse extends Response {
  readonly #text: string;

  constructor({ status, body }: ModelAnswer) {
    const type = status < 400 ? "application/json" : "application/problem+json";
    const text = body === undefined ? "" : JSON.stringify(body);
    const retry = status === 429 || status === 503 ? { "retry-after": "2" } : undefined;
    super(null, { status, headers: { "content-type": type, ...retry } });
    this.#text = text;
  }

  override async text(): Promise<string> {
    return this.#text;
  }

  override async json(): Promise<unknown> {
    return JSON.parse(this.#text);
  }
}

function problem(status: number, code: string): ModelAnswer {
  return { status, body: { code, title: code, status } };
}
