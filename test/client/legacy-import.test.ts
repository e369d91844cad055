import { beforeEach, describe, expect, it } from "vitest";
import type { KeyValueStorage } from "../../client/core/environment.ts";
import type { ImportTarget } from "../../client/core/legacy-import.ts";
import { importLegacy } from "../../client/core/legacy-import.ts";
import type { LegacyConversation, LegacySource } from "../../client/core/legacy-source.ts";
import { RequestError } from "../../client/core/request-error.ts";
import { createShelf } from "../../client/core/shelf.ts";
import { MemoryStorage } from "./fake-environment.ts";
import { BAD, ImportingSession, WaitingClock } from "./fake-import.ts";

const KEY = "old-chat";
const BACKUP = `${KEY}.durable-sessions-backup`;

let storage: MemoryStorage;
let session: ImportingSession;
let sessions: ImportingSession[];
let target: ImportTarget | undefined;
let clock: WaitingClock;

beforeEach(() => {
  storage = new MemoryStorage();
  session = new ImportingSession();
  sessions = [session];
  target = { sessionId: "S1", generation: 0 };
  clock = new WaitingClock();
});

function write(conversations: readonly LegacyConversation[]): string {
  const text = JSON.stringify(conversations);
  storage.setItem(KEY, text);
  return text;
}

/** Conversations whose messages say where they belong. */
function conversations(...lengths: readonly number[]): LegacyConversation[] {
  return lengths.map((length, place) => ({
    id: `c${place}`,
    messages: Array.from({ length }, (_, index) => ({
      id: `${index}`,
      role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content: `${place}.${index}`,
      createdAt: Date.UTC(2025, 0, 1 + place, 0, 0, index),
    })),
  }));
}

const texts = (all: readonly LegacyConversation[]) =>
  all.flatMap(({ messages }) => messages.map(({ content }) => content));

/** One load of a page: what it keeps in memory is its own. */
function load(source: Partial<LegacySource> = {}, items: KeyValueStorage = storage) {
  return importLegacy({
    source: {
      id: "old",
      keys: [KEY],
      read: () => ({ conversations: JSON.parse(items.getItem(KEY) ?? "[]") }),
      ...source,
    },
    storage: items,
    shelf: createShelf(items, "durable-sessions/demo/", () => undefined),
    async call<T>(_method: string, _path: string, body?: unknown): Promise<T> {
      const into = sessions.find(({ sessionId }) => sessionId === target?.sessionId);
      return (await into?.take(structuredClone(body))) as T;
    },
    target: () => target,
    clock,
  });
}

const unavailable = () => {
  throw new RequestError("network_error");
};

describe("an upgrade", () => {
  it("brings everything once, and leaves what the old program reads beside a backup of it", async () => {
    const all = conversations(200, 200, 200);
    const text = write(all);
    expect(await load()).toBe("done");
    expect([...session.conversations.values()]).toEqual(all.map((one) => texts([one])));
    expect(storage.getItem(KEY)).toBe(text);
    expect(storage.getItem(BACKUP)).toBe(text);
    const { calls } = session;
    expect(await load()).toBe("done");
    expect(session.calls).toBe(calls);
  });

  it("asks nobody where there is nothing", async () => {
    expect(await load()).toBe("none");
    expect(session.calls).toBe(0);
  });

  it("reads once what stands in no item", async () => {
    const read = () => ({ conversations: conversations(2) });
    expect(await load({ keys: [], read })).toBe("done");
    expect(await load({ keys: [], read })).toBe("done");
    expect(session.calls).toBe(1);
  });

  it("brings what an old program writes later, too", async () => {
    write(conversations(2));
    await load();
    const text = write(conversations(4));
    await load();
    expect(session.contents).toEqual(texts(conversations(4)));
    expect(storage.getItem(BACKUP)).toBe(text);
  });

  it("brings what an old program writes while it is under way", async () => {
    write(conversations(2));
    session.before = (call) => {
      if (call === 1) {
        write(conversations(3));
      }
    };
    expect(await load()).toBe("done");
    expect(session.contents).toEqual(texts(conversations(3)));
    expect(storage.getItem(BACKUP)).toBe(JSON.stringify(conversations(3)));
  });

  it("comes to an end where an old program does not, and says that there is more", async () => {
    write(conversations(1));
    session.before = (call) => void write(conversations(call + 1));
    expect(await load()).toBe("waiting");
    session.before = () => undefined;
    expect(await load()).toBe("done");
    expect(session.contents).toEqual(texts(conversations(4)));
  });

  it("happens once in ten tabs at the same moment", async () => {
    const all = conversations(150, 150);
    write(all);
    session.before = async (call) => {
      for (let turn = 0; turn < (call * 7) % 5; turn += 1) {
        await Promise.resolve();
      }
    };
    await Promise.all(Array.from({ length: 10 }, () => load()));
    expect([...session.conversations.values()]).toEqual(all.map((one) => texts([one])));
  });

  it("is whole where the items vanish under it", async () => {
    write(conversations(2));
    session.before = () => storage.removeItem(KEY);
    await load();
    expect(session.contents).toEqual(texts(conversations(2)));
    expect(storage.getItem(BACKUP)).toBe(JSON.stringify(conversations(2)));
  });
});

describe("an upgrade that breaks off", () => {
  it.each([1, 2, 3, 4])("at call %i goes on, without doubling anything", async (at) => {
    const all = conversations(200, 200, 200, 200);
    const text = write(all);
    const { before, after } = session;
    for (const broken of ["before", "after"] as const) {
      session[broken] = (call) => (call === at ? unavailable() : undefined);
      await expect(load()).rejects.toMatchObject({ code: "network_error" });
      expect(storage.getItem(BACKUP)).toBeNull();
      expect(storage.getItem(KEY)).toBe(text);
      session.calls = 0;
      Object.assign(session, { before, after });
    }
    expect(await load()).toBe("done");
    expect(session.contents).toEqual(texts(all));
  });

  it("because the page stops goes on", async () => {
    write(conversations(200, 200, 200));
    session.before = (call) => {
      target = call === 2 ? undefined : target;
    };
    expect(await load()).toBe("waiting");
    target = { sessionId: "S1", generation: 0 };
    session.before = () => undefined;
    expect(await load()).toBe("done");
    expect(session.contents).toEqual(texts(conversations(200, 200, 200)));
  });

  it("because nothing can be read begins anew", async () => {
    write(conversations(1));
    const read = () => {
      throw new Error("not JSON");
    };
    await expect(load({ read })).rejects.toThrow("not JSON");
    expect(storage.getItem(BACKUP)).toBeNull();
    expect(await load()).toBe("done");
    expect(session.contents).toHaveLength(1);
  });

  it("because the session is too old leaves everything as it is", async () => {
    const text = write(conversations(1));
    session.before = () => {
      throw new RequestError("import_closed", { status: 409 });
    };
    await expect(load()).rejects.toMatchObject({ code: "import_closed" });
    expect([...storage.items]).toEqual([[KEY, text]]);
  });

  it("where the server wants a pause goes on after it with what is missing", async () => {
    write(conversations(200, 200));
    session.before = (call) => {
      if (call === 2) {
        throw new RequestError("rate_limited", { status: 429, retryAfterMs: 7_000 });
      }
    };
    expect(await load()).toBe("done");
    expect(session.calls).toBe(3);
    expect(clock.waited).toEqual([7_000]);
    expect(session.contents).toEqual(texts(conversations(200, 200)));
  });
});

describe("what the server does not take", () => {
  it("stops nothing else", async () => {
    const all = conversations(40, 250).map((one, place) => ({
      ...one,
      messages: one.messages.map((message, index) =>
        index % 100 === 17 ? { ...message, content: `${BAD} ${place}.${index}` } : message,
      ),
    }));
    write(all);
    expect(await load()).toBe("done");
    expect(session.contents).toEqual(texts(all).filter((text) => !text.startsWith(BAD)));
    expect(storage.getItem(BACKUP)).toContain(BAD);
  });

  it("because there are too many conversations shares the last one", async () => {
    session.others = 97;
    const all = conversations(2, 2, 2, 2, 2);
    write(all);
    expect(await load()).toBe("done");
    expect([...session.conversations.keys()]).toEqual(["c0", "c1", "c2"]);
    expect(session.contents).toEqual(texts(all));
    write(conversations(2, 2, 2, 2, 3));
    await load();
    expect(session.contents).toEqual(texts(conversations(2, 2, 2, 2, 3)));
  });

  it("because the session has no room for a single one is refused", async () => {
    session.others = 100;
    write(conversations(2));
    await expect(load()).rejects.toMatchObject({ code: "too_many_conversations" });
    expect(storage.getItem(BACKUP)).toBeNull();
  });

  it("never is a conversation's id that only looks like another's", async () => {
    const all = ["a", "b"].map((start) => ({
      id: start + "x".repeat(200),
      messages: [
        { id: `${start}${"y".repeat(200)}`, role: "user" as const, content: start, createdAt: 0 },
      ],
    }));
    write(all);
    await load();
    expect([...session.conversations.values()]).toEqual([["a"], ["b"]]);
  });
});

describe("another session", () => {
  it("that takes the place of this one gets everything", async () => {
    const winner = new ImportingSession("S2");
    sessions.push(winner);
    write(conversations(200, 200));
    session.before = (call) => {
      if (call === 2) {
        target = { sessionId: "S2", generation: 0 };
      }
    };
    expect(await load()).toBe("done");
    expect(winner.contents).toEqual(texts(conversations(200, 200)));
  });

  it("that takes its place afterwards gets everything, too", async () => {
    const winner = new ImportingSession("S2");
    sessions.push(winner);
    write(conversations(3));
    await load();
    target = { sessionId: "S2", generation: 0 };
    expect(await load()).toBe("done");
    expect(winner.contents).toEqual(texts(conversations(3)));
  });

  it("that follows one which has it does not get it again", async () => {
    const next = new ImportingSession("S2");
    sessions.push(next);
    write(conversations(3));
    await load();
    target = { sessionId: "S2", generation: 1 };
    expect(await load()).toBe("done");
    expect(next.calls).toBe(0);
  });

  it("is waited for while there is none", async () => {
    write(conversations(1));
    target = undefined;
    expect(await load()).toBe("waiting");
    expect(storage.getItem(BACKUP)).toBeNull();
  });
});

describe("once the transition is over", () => {
  it("the items are renamed, and what is written to them all the same is kept apart", async () => {
    const text = write(conversations(2));
    await load();
    expect(storage.getItem(KEY)).toBe(text);
    await load({ transitionOver: true });
    expect(storage.getItem(KEY)).toBeNull();
    expect(storage.getItem(BACKUP)).toBe(text);
    expect(await load({ transitionOver: true })).toBe("done");
    const late = write([
      { ...conversations(1)[0], id: "late", messages: conversations(5)[0]?.messages ?? [] },
    ]);
    await load({ transitionOver: true });
    expect(storage.getItem(KEY)).toBeNull();
    expect(storage.getItem(BACKUP)).toBe(text);
    expect(storage.getItem(`${BACKUP}-2`)).toBe(late);
    expect(session.conversations.get("late")).toHaveLength(5);
  });

  it("nothing goes that the server does not have", async () => {
    const text = write(conversations(2));
    session.before = unavailable;
    await expect(load({ transitionOver: true })).rejects.toThrow();
    expect(storage.getItem(KEY)).toBe(text);
  });
});

/** Has room for so many characters. */
class SmallStorage extends MemoryStorage {
  room = Number.POSITIVE_INFINITY;

  override setItem(key: string, value: string): void {
    const others = [...this.items].filter(([name]) => name !== key);
    const used = others.reduce((sum, [, text]) => sum + text.length, 0);
    if (used + value.length > this.room) {
      throw new DOMException("full", "QuotaExceededError");
    }
    super.setItem(key, value);
  }
}

describe("a full storage", () => {
  it("has its items copied nowhere, and moved when they go", async () => {
    const small = new SmallStorage();
    storage = small;
    const text = write(conversations(20));
    small.room = text.length + 200;
    expect(await load()).toBe("done");
    expect([storage.getItem(KEY), storage.getItem(BACKUP)]).toEqual([text, null]);
    const { calls } = session;
    expect(await load({ transitionOver: true })).toBe("done");
    expect([storage.getItem(KEY), storage.getItem(BACKUP)]).toEqual([null, text]);
    expect(session.calls).toBe(calls);
  });

  it("that cannot even hold what it held keeps the item", async () => {
    const small = new SmallStorage();
    storage = small;
    const text = write(conversations(20));
    await load();
    storage.removeItem(BACKUP);
    const { setItem } = storage;
    storage.setItem = (key, value) => {
      if (key === BACKUP) {
        throw new DOMException("full", "QuotaExceededError");
      }
      setItem.call(storage, key, value);
    };
    await load({ transitionOver: true });
    expect(storage.getItem(KEY)).toBe(text);
  });
});
