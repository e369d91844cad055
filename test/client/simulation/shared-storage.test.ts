import { expect, test } from "vitest";
import { SharedStorage, type StorageView } from "./shared-storage.ts";
import { World } from "./world.ts";

const SEEDS = Array.from({ length: 50 }, (_, index) => index);

/** Pages that write the same few items at random. */
async function writing(
  seed: number,
  after: (world: World, views: readonly StorageView[]) => void,
): Promise<readonly StorageView[]> {
  const world = new World(seed);
  const storage = new SharedStorage(world);
  const views = [storage.open(), storage.open(), storage.open()];
  for (let turn = 0; turn < 40; turn += 1) {
    const key = `item ${world.between(1, 3)}`;
    const view = world.pick(views);
    if (world.chance(0.2)) {
      view?.removeItem(key);
    } else {
      view?.setItem(key, `${turn}`);
      expect(view?.getItem(key)).toBe(`${turn}`);
    }
    await world.pass(world.random() * 30);
    after(world, views);
  }
  await world.pass(1_000);
  return [...views, storage.open()];
}

test("every copy comes to what the backend has", async () => {
  for (const seed of SEEDS) {
    const copies = (await writing(seed, () => undefined)).map((view) =>
      [1, 2, 3].map((item) => view.getItem(`item ${item}`)),
    );
    expect(new Set(copies.map(String)).size).toBe(1);
  }
});

test("pages differ on the way there", async () => {
  let differences = 0;
  for (const seed of SEEDS) {
    await writing(seed, (_world, views) => {
      differences += new Set(views.map((view) => view.getItem("item 1"))).size - 1;
    });
  }
  expect(differences).toBeGreaterThan(SEEDS.length);
});

test("nobody else's older write goes over an own one that is on its way", async () => {
  for (const seed of SEEDS) {
    const world = new World(seed);
    const storage = new SharedStorage(world);
    const [mine, theirs] = [storage.open(), storage.open()];
    theirs.setItem("item", "older");
    await world.pass(50);
    mine.setItem("item", "own");
    const seen = new Set<string | null>();
    for (let turn = 0; turn < 100; turn += 1) {
      await world.pass(10);
      seen.add(mine.getItem("item"));
    }
    expect([...seen]).toEqual(["own"]);
    expect(theirs.getItem("item")).toBe("own");
  }
});

test("a page that is opened late begins with what the backend has", async () => {
  const world = new World(1);
  const storage = new SharedStorage(world);
  const first = storage.open();
  first.setItem("item", "written");
  expect(storage.open().getItem("item")).toBeNull();
  await world.pass(200);
  expect(storage.open().getItem("item")).toBe("written");
});

test("a storage that is full takes nothing that needs more room, and a blocked one nothing", () => {
  const storage = new SharedStorage(new World(1));
  const view = storage.open();
  view.setItem("item", "four");
  storage.health = "full";
  view.setItem("item", "five");
  expect(() => view.setItem("item", "more than four")).toThrow();
  expect(() => view.setItem("other", "")).toThrow();
  storage.health = "blocked";
  expect(() => view.getItem("item")).toThrow();
});
