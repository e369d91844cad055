import { expect, test } from "vitest";
import { letInByThief, type Sponsor } from "../../src/domain/sponsor.ts";

const one = (id: string, sponsor: Sponsor | null) => ({ id, sponsor });
const by = (credentialId: string, generation: number): Sponsor => ({ credentialId, generation });

const all = [
  // In any order: who was let in may stand before who let it in.
  one("grandchild", by("child", 0)),
  one("stolen", null),
  one("before", by("stolen", 3)),
  one("child", by("stolen", 4)),
  one("friend of before", by("before", 9)),
  one("another", null),
];

const gone = (generation: number) =>
  letInByThief(all, { id: "stolen", generation })
    .map(({ id }) => id)
    .sort();

test("whoever was let in after the secret that came too late goes, and whom they let in", () => {
  expect(gone(3)).toEqual(["child", "grandchild"]);
});

test("where nothing is known of the secret, all go that came in after the first", () => {
  expect(gone(0)).toEqual(["before", "child", "friend of before", "grandchild"]);
});

test("where nobody was let in since, nobody goes", () => {
  expect(gone(4)).toEqual([]);
});
