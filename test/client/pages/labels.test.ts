import { describe, expect, it } from "vitest";
import type { Author, ConnectionRole, Presence, Typist } from "../../../client/core/index.ts";
import { RequestError } from "../../../client/core/index.ts";
import {
  closingLabel,
  connectionLabel,
  presenceLabel,
  typingLabel,
} from "../../../client/pages/chat/labels.ts";

interface Person extends Presence {
  readonly author: Author;
}

function here(role: ConnectionRole, name?: string): Person {
  const since = "2026-01-01T00:00:00.000Z";
  return { connectionId: `of ${role}`, role, since, author: name === undefined ? {} : { name } };
}

describe("presenceLabel", () => {
  it.each<[string, Presence[]]>([
    ["", []],
    ["only you", [here("owner")]],
    ["you in 2 tabs", [here("owner"), here("owner")]],
    ["Ana is here", [here("owner"), here("operator", "Ana")]],
    ["Ana is here", [here("owner"), here("operator", "Ana"), here("operator", "Ana")]],
    ["Ana and Ben are here", [here("operator", "Ana"), here("operator", "Ben"), here("owner")]],
    ["The team is here, you in 2 tabs", [here("owner"), here("operator"), here("owner")]],
    ["1 guest", [here("owner"), here("reader")]],
    ["2 guests", [here("owner"), here("reader"), here("writer")]],
  ])("says %j", (label, presence) => {
    expect(presenceLabel(presence)).toBe(label);
  });
});

describe("typingLabel", () => {
  it.each<[string, Typist[]]>([
    ["", []],
    ["Ana is typing", [here("operator", "Ana"), here("owner")]],
    ["Typing in another tab", [here("owner")]],
    ["A guest is typing", [here("writer")]],
  ])("says %j", (label, typists) => {
    expect(typingLabel(typists)).toBe(label);
  });
});

describe("connectionLabel", () => {
  it.each([
    ["Connecting…", { state: "connecting", attempt: 0 }, false],
    ["Catching up…", { state: "online", attempt: 0 }, false],
    ["Connected", { state: "online", attempt: 0 }, true],
    ["Reconnecting…", { state: "waiting", attempt: 1 }, false],
    ["Reconnecting…", { state: "connecting", attempt: 1 }, false],
    ["Closed", { state: "closed", attempt: 0 }, false],
  ] as const)("says %s", (text, connection, synced) => {
    expect(connectionLabel(connection, synced).text).toBe(text);
  });
});

describe("closingLabel", () => {
  it("says nothing while there is a chat to write into", () => {
    for (const status of ["idle", "opening", "active"] as const) {
      expect(closingLabel(status, undefined)).toBeUndefined();
    }
  });

  it("offers a new chat where the old one is over or out of reach", () => {
    expect(closingLabel("terminated", undefined)?.action).toBe("start_new");
    expect(closingLabel("expired", undefined)?.action).toBe("start_new");
    expect(closingLabel("error", RequestError.fromClose(4401))?.action).toBe("start_new");
  });

  it("offers another try where that may help", () => {
    expect(closingLabel("error", RequestError.fromClose(4400))?.action).toBe("try_again");
  });
});
