import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import type { LegacyData, LegacySource } from "../../client/core/legacy-source.ts";
import { BASE_URL, healthyApi, settle, sync } from "./fake-client.ts";
import { FakeEnvironment, MemoryStorage } from "./fake-environment.ts";

const OLD = "old-chat";
const BACKUP = `${OLD}.durable-sessions-backup`;

const DATA: LegacyData = {
  conversations: [
    { id: "c1", messages: [{ id: "m1", role: "user", content: "hello", createdAt: 1.7e12 }] },
  ],
};

// Loaded before time stands still.
beforeAll(() => import("../../client/core/legacy-upgrade.ts"));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function legacyTab(source: Partial<LegacySource> = {}, storage = new MemoryStorage()) {
  storage.items.set(OLD, "a long old item");
  const environment = new FakeEnvironment(storage);
  healthyApi(environment);
  const legacy = { id: "old", keys: [OLD], read: () => DATA, ...source };
  const client = createSessionClient({ baseUrl: BASE_URL, teamId: "demo", environment, legacy });
  const imports = () => environment.requests.filter(({ path }) => path.endsWith("/import"));
  client.start();
  return { client, environment, storage, imports };
}

it("takes everything over once, and puts a copy aside", async () => {
  const { environment, storage, imports } = legacyTab();
  await settle();
  sync(environment.socket, 0);
  environment.signal("returned");
  await settle();
  expect(imports()).toHaveLength(1);
  expect(storage.getItem(BACKUP)).toBe("a long old item");
  expect(storage.getItem(OLD)).toBe("a long old item");
});

it("does not keep the session waiting for ever", async () => {
  const { client, environment } = legacyTab({ read: () => new Promise(() => undefined) });
  await vi.advanceTimersByTimeAsync(10_000);
  sync(environment.socket, 0);
  expect(client.getState()).toMatchObject({ status: "active", synced: true });
});

it("sends nothing a second time where there is no room for the copy", async () => {
  const { environment, storage, imports } = legacyTab({ transitionOver: true }, new FullStorage());
  await settle();
  sync(environment.socket, 0);
  environment.signal("returned");
  await settle();
  expect(imports()).toHaveLength(1);
  expect(storage.getItem(OLD)).toBe("a long old item");
});

it("opens the session beside an old program that never stops writing", async () => {
  const storage = new MemoryStorage();
  let turn = 0;
  const read = () => {
    turn += 1;
    storage.items.set(OLD, `turn ${turn}`);
    return DATA;
  };
  const { environment, imports } = legacyTab({ read, transitionOver: true }, storage);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(environment.sockets).toHaveLength(1);
  expect(imports().length).toBeLessThan(10);
  expect(storage.getItem(OLD)).toBe(`turn ${turn}`);
});

it("says that the session is too old to take anything, and leaves it all as it is", async () => {
  const { client, environment, storage, imports } = legacyTab({ transitionOver: true });
  const healthy = environment.respond;
  environment.respond = (request) =>
    request.path.endsWith("/import")
      ? { status: 409, body: { code: "import_closed" } }
      : healthy(request);
  await settle();
  sync(environment.socket, 0);
  environment.signal("returned");
  await settle();
  expect(client.getState()).toMatchObject({ status: "active", legacy: "refused" });
  expect(imports()).toHaveLength(1);
  expect([...storage.items]).toContainEqual([OLD, "a long old item"]);
  expect(storage.getItem(BACKUP)).toBeNull();
});

/** Has room for all but copies of what is there. */
class FullStorage extends MemoryStorage {
  override setItem(key: string, value: string): void {
    if (key.includes("backup")) {
      throw new Error("QuotaExceededError");
    }
    super.setItem(key, value);
  }
}
