import { expect, test } from "vitest";
import { World } from "./world.ts";

test("what happens is in the order of its time, and of its beginning where that is the same", async () => {
  const world = new World(1);
  const happened: string[] = [];
  const delays = Array.from({ length: 200 }, () => world.between(0, 20));
  delays.forEach((ms, index) => {
    world.after(ms, () => happened.push(`${world.now} ${index}`));
  });
  const start = world.now;
  await world.pass(100);
  const expected = delays
    .map((ms, index) => ({ ms, index }))
    .sort((a, b) => a.ms - b.ms || a.index - b.index)
    .map(({ ms, index }) => `${start + ms} ${index}`);
  expect(happened).toEqual(expected);
});

test("what waits for promises comes before time goes on", async () => {
  const world = new World(1);
  const happened: string[] = [];
  const promised = async () => {
    await Promise.resolve();
    await Promise.resolve();
    happened.push("promised");
    world.after(1, () => happened.push("next"));
  };
  world.after(1, () => void promised());
  world.after(2.5, () => happened.push("later"));
  await world.pass(10);
  expect(happened).toEqual(["promised", "next", "later"]);
});

test("what was cancelled does not happen, and what was due in a sleep is late", async () => {
  const world = new World(1);
  const happened: number[] = [];
  const cancel = world.after(10, () => happened.push(0));
  world.after(20, () => happened.push(world.now));
  cancel();
  world.skip(1_000);
  const awake = world.now;
  await world.pass(10);
  expect(happened).toEqual([awake]);
});
