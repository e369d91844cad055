import { describe, expect, test } from "vitest";
import { hasRoomFor } from "../../src/domain/credential-limits.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";

const credentials = (owners: number, guests: number): CredentialRole[] => [
  ...Array<CredentialRole>(owners).fill("owner"),
  ...Array.from(
    { length: guests },
    (_, index): CredentialRole => (index % 2 ? "reader" : "writer"),
  ),
];

describe("room for one more credential", () => {
  test.each([
    { owners: 1, guests: 23, owner: true, guest: true },
    { owners: 1, guests: 24, owner: true, guest: false },
    { owners: 7, guests: 24, owner: true, guest: false },
    { owners: 8, guests: 24, owner: false, guest: false },
    { owners: 31, guests: 0, owner: true, guest: true },
    { owners: 32, guests: 0, owner: false, guest: false },
  ])("with $owners owners and $guests guests", ({ owners, guests, owner, guest }) => {
    const roles = credentials(owners, guests);
    expect(hasRoomFor("owner", roles)).toBe(owner);
    expect(hasRoomFor("writer", roles)).toBe(guest);
    expect(hasRoomFor("reader", roles)).toBe(guest);
  });
});
