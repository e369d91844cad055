// Devices, links and what failed, in words.
import type { Device, Invite, LocationInfo, RequestErrorCode } from "../../core/index.ts";
import { RequestError } from "../../core/index.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const countries = new Intl.DisplayNames(undefined, { type: "region" });

/** "Chrome on Linux", as far as it is known. */
export function deviceName({
  deviceInfo: { browser, os, deviceType },
}: Pick<Device, "deviceInfo">): string {
  if (browser !== undefined && os !== undefined) {
    return `${browser} on ${os}`;
  }
  const kind = deviceType === "mobile" ? "Phone" : deviceType === "tablet" ? "Tablet" : undefined;
  return browser ?? os ?? kind ?? "Unknown device";
}

/** "Berlin, Germany"; empty where nothing is known. */
export function placeName({ city, country }: LocationInfo): string {
  return [city, country === undefined ? undefined : countries.of(country)]
    .filter((part) => part !== undefined)
    .join(", ");
}

/** "Berlin, Germany · last used 3 hours ago". */
export function deviceDetails(device: Device, now: number): string {
  const { locationInfo, connected, lastUsedAt } = device;
  const place = placeName(locationInfo);
  const used = connected ? "connected now" : `last used ${ago(Date.parse(lastUsedAt), now)}`;
  return place === "" ? capitalized(used) : `${place} · ${used}`;
}

/** What a guest may do; undefined for the owner's own devices. */
export function guestLabel({ role }: Pick<Device, "role">): string | undefined {
  return { reader: "Guest, read only", writer: "Guest, may write", owner: undefined }[role];
}

export function inviteName({ role }: Pick<Invite, "role">): string {
  return { reader: "Read only", writer: "May write", owner: "For another device" }[role];
}

/** Whether it still lets somebody in. */
export function isOpen({ uses, maxUses, expiresAt }: Invite, now: number): boolean {
  return uses < maxUses && now < Date.parse(expiresAt);
}

/** "Used 2 of 10 times · ends in 6 days". */
export function inviteDetails(invite: Invite, now: number): string {
  const { uses, maxUses, expiresAt } = invite;
  if (!isOpen(invite, now)) {
    return uses < maxUses ? "Over, its time is up" : "Used up";
  }
  const used =
    uses === 0 ? `Not used yet, works ${times(maxUses)}` : `Used ${uses} of ${maxUses} times`;
  return `${used} · ends ${ahead(Date.parse(expiresAt), now)}`;
}

/** "2 people came in by it and still have access". */
export function inviteDevices({ devices }: Invite): string {
  switch (devices) {
    case 0:
      return "Nobody has access by it";
    case 1:
      return "1 guest has access by it";
    default:
      return `${devices} guests have access by it`;
  }
}

const FAILURES: Readonly<Partial<Record<RequestErrorCode, string>>> = {
  too_many_invites: "There are too many open links. Revoke one first.",
  device_not_found: "That device was signed out before.",
  invite_not_found: "That link was revoked before.",
  rate_limited: "That was too often. Wait a moment and try again.",
  validation_failed: "This page's address is not one that the team shares chats on.",
};

export function failureLabel(error: unknown): string {
  const known = error instanceof RequestError ? FAILURES[error.code] : undefined;
  return known ?? "That did not work. Check your connection and try again.";
}

/** The server knows it to within an hour. */
export function ago(at: number, now: number): string {
  const ms = Math.max(0, now - at);
  if (ms < HOUR_MS) {
    return "within the hour";
  }
  return ms < DAY_MS
    ? relative.format(-Math.floor(ms / HOUR_MS), "hour")
    : relative.format(-Math.floor(ms / DAY_MS), "day");
}

function ahead(at: number, now: number): string {
  const ms = Math.max(0, at - now);
  if (ms < HOUR_MS) {
    return relative.format(Math.max(1, Math.round(ms / 60_000)), "minute");
  }
  return ms < 2 * DAY_MS
    ? relative.format(Math.round(ms / HOUR_MS), "hour")
    : relative.format(Math.round(ms / DAY_MS), "day");
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function capitalized(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
