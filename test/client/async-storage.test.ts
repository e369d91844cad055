import { describe, expect, test } from "vitest";
import type { AsyncKeyValueStorage } from "../../client/core/async-storage.ts";
import { fromAsyncStorage } from "../../client/core/async-storage.ts";

/** Answers each call only when the test lets it. */
class SlowStorage implements AsyncKeyValueStorage {
  readonly items: Map<string, string>;
  readonly log: string[] = [];
  failing: (call: string) => boolean = () => false;
  #held: (() => void)[] | undefined;

  constructor(items: Readonly<Record<string, string>> = {}) {
    this.items = new Map(Object.entries(items));
  }

  hold(): void {
    this.#held = [];
  }

  /** Answers what waits, and then what that brings. */
  async release(): Promise<void> {
    while (this.#held?.length) {
      this.#held.shift()?.();
      await new Promise((resolve) => setTimeout(resolve));
    }
    this.#held = undefined;
  }

  getAllKeys = () => this.#call("keys", () => [...this.items.keys()]);
  getItem = (key: string) => this.#call(`get ${key}`, () => this.items.get(key) ?? null);
  setItem = (key: string, value: string) =>
    this.#call(`set ${key} ${value}`, () => void this.items.set(key, value));
  removeItem = (key: string) => this.#call(`remove ${key}`, () => void this.items.delete(key));

  async #call<T>(name: string, work: () => T): Promise<T> {
    this.log.push(name);
    if (this.#held) {
      await new Promise<void>((resolve) => this.#held?.push(resolve));
    }
    if (this.failing(name)) {
      throw new Error(`${name} failed`);
    }
    return work();
  }
}

const written = () => new Promise((resolve) => setTimeout(resolve));

describe("a storage over an asynchronous one", () => {
  test("begins with what is the client's, and leaves the rest alone", async () => {
    const slow = new SlowStorage({ "durable-sessions/demo/a": "1", theirs: "2", old: "3" });
    const storage = await fromAsyncStorage(slow, ["old"]);
    expect(storage.getItem("durable-sessions/demo/a")).toBe("1");
    expect(storage.getItem("old")).toBe("3");
    expect(storage.getItem("theirs")).toBeNull();
    expect(slow.log).not.toContain("get theirs");
    expect([storage.length, storage.key(0), storage.key(1), storage.key(2)]).toEqual([
      2,
      "durable-sessions/demo/a",
      "old",
      null,
    ]);
  });

  test("gives back at once what was set, and writes it behind", async () => {
    const slow = new SlowStorage();
    const storage = await fromAsyncStorage(slow);
    storage.setItem("durable-sessions/a", "1");
    expect(storage.getItem("durable-sessions/a")).toBe("1");
    await written();
    expect(slow.items.get("durable-sessions/a")).toBe("1");
    storage.removeItem("durable-sessions/a");
    expect(storage.getItem("durable-sessions/a")).toBeNull();
    expect(storage.length).toBe(0);
    await written();
    expect(slow.items.size).toBe(0);
  });

  test("writes one after the other, in order", async () => {
    const slow = new SlowStorage();
    const storage = await fromAsyncStorage(slow);
    slow.log.length = 0;
    slow.hold();
    storage.setItem("a", "1");
    storage.setItem("a", "2");
    storage.removeItem("a");
    storage.setItem("a", "3");
    await written();
    expect(slow.log).toEqual(["set a 1"]);
    await slow.release();
    expect(slow.log).toEqual(["set a 1", "set a 2", "remove a", "set a 3"]);
    expect(slow.items.get("a")).toBe("3");
  });

  test("goes on in memory where the storage fails", async () => {
    const slow = new SlowStorage({ "durable-sessions/a": "1", "durable-sessions/b": "2" });
    slow.failing = (call) => call === "get durable-sessions/a" || call.startsWith("set c");
    const storage = await fromAsyncStorage(slow);
    expect(storage.getItem("durable-sessions/a")).toBeNull();
    expect(storage.getItem("durable-sessions/b")).toBe("2");
    storage.setItem("c", "3");
    storage.setItem("d", "4");
    await written();
    expect(storage.getItem("c")).toBe("3");
    expect(slow.items.get("d")).toBe("4");

    slow.failing = (call) => call === "keys";
    expect((await fromAsyncStorage(slow)).length).toBe(0);
  });

  test("goes on where a method throws instead of rejecting", async () => {
    const broken: AsyncKeyValueStorage = {
      getAllKeys: () => {
        throw new Error("no module");
      },
      getItem: () => Promise.resolve(null),
      setItem: () => Promise.resolve(),
      removeItem: () => Promise.resolve(),
    };
    expect((await fromAsyncStorage(broken)).length).toBe(0);
  });
});
