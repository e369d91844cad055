import { describe, expect, it } from "vitest";
import type { Device, Invite } from "../../../client/core/index.ts";
import { RequestError } from "../../../client/core/index.ts";
import {
  deviceDetails,
  deviceName,
  failureLabel,
  guestLabel,
  inviteDetails,
  inviteDevices,
  isOpen,
} from "../../../client/pages/sharing/labels.ts";

const NOW = Date.parse("2026-03-10T12:00:00.000Z");
const HOUR_MS = 3_600_000;

function device(fields: Partial<Device> = {}): Device {
  return {
    credentialId: "C1",
    role: "owner",
    current: false,
    connected: false,
    deviceInfo: {},
    locationInfo: {},
    createdAt: at(-48 * HOUR_MS),
    lastUsedAt: at(0),
    ...fields,
  };
}

function invite(fields: Partial<Invite> = {}): Invite {
  return {
    inviteId: "I1",
    role: "reader",
    createdAt: at(0),
    expiresAt: at(6 * 24 * HOUR_MS),
    maxUses: 10,
    uses: 0,
    devices: 0,
    ...fields,
  };
}

function at(offsetMs: number): string {
  return new Date(NOW + offsetMs).toISOString();
}

describe("a device", () => {
  it.each([
    ["Chrome on Linux", { browser: "Chrome", os: "Linux", deviceType: "desktop" }],
    ["Safari", { browser: "Safari" }],
    ["Phone", { deviceType: "mobile" }],
    ["Unknown device", {}],
  ] as const)("is called %s", (name, deviceInfo) => {
    expect(deviceName(device({ deviceInfo }))).toBe(name);
  });

  it.each([
    ["Connected now", { connected: true }],
    ["Last used within the hour", { lastUsedAt: at(-HOUR_MS + 1) }],
    ["Last used 3 hours ago", { lastUsedAt: at(-3 * HOUR_MS) }],
    ["Last used yesterday", { lastUsedAt: at(-30 * HOUR_MS) }],
    // By the server's clock, it may lie ahead.
    ["Last used within the hour", { lastUsedAt: at(60_000) }],
    [
      "Berlin, Germany · connected now",
      { connected: true, locationInfo: { city: "Berlin", country: "DE" } },
    ],
    ["Germany · connected now", { connected: true, locationInfo: { country: "DE" } }],
  ])("says %s", (details, fields) => {
    expect(deviceDetails(device(fields), NOW)).toBe(details);
  });

  it("is a guest's or the owner's own", () => {
    expect(guestLabel(device())).toBeUndefined();
    expect(guestLabel(device({ role: "reader" }))).toBe("Guest, read only");
    expect(guestLabel(device({ role: "writer" }))).toBe("Guest, may write");
  });
});

describe("a link", () => {
  it.each([
    ["Not used yet, works 10 times · ends in 6 days", {}],
    ["Used 2 of 10 times · ends in 6 days", { uses: 2 }],
    ["Not used yet, works once · ends in 9 minutes", { maxUses: 1, expiresAt: at(9 * 60_000) }],
    ["Not used yet, works 10 times · ends in 24 hours", { expiresAt: at(24 * HOUR_MS) }],
    ["Used up", { uses: 10 }],
    ["Over, its time is up", { expiresAt: at(0) }],
  ])("says %s", (details, fields) => {
    expect(inviteDetails(invite(fields), NOW)).toBe(details);
  });

  it("is open until it is used up or its time is", () => {
    expect(isOpen(invite(), NOW)).toBe(true);
    expect(isOpen(invite({ uses: 10 }), NOW)).toBe(false);
    expect(isOpen(invite({ expiresAt: at(0) }), NOW)).toBe(false);
  });

  it("counts who has access by it", () => {
    expect([0, 1, 2].map((devices) => inviteDevices(invite({ devices })))).toEqual([
      "Nobody has access by it",
      "1 guest has access by it",
      "2 guests have access by it",
    ]);
  });
});

describe("a failure", () => {
  it("is told in words for people", () => {
    expect(failureLabel(new RequestError("network_error"))).toMatch(/connection/);
    expect(failureLabel("anything")).toMatch(/connection/);
  });
});
