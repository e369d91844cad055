import type { DeviceInfo, LocationInfo } from "../protocol/session.ts";

/** What the edge and the browser tell of whoever asks for a key; nothing is known of one who asks through a team. */
export interface Visitor {
  readonly deviceInfo: DeviceInfo;
  readonly locationInfo: LocationInfo;
  /** Whose calls are counted together with theirs, see src/network.ts; undefined off the edge. */
  readonly network: string | undefined;
}

export const UNKNOWN_VISITOR: Visitor = {
  deviceInfo: {},
  locationInfo: {},
  network: undefined,
};

/** What a device says of itself; which browser and system it is, its request tells where it does not. */
export function deviceOf(said: DeviceInfo | undefined, seen: DeviceInfo): DeviceInfo {
  return said?.browser === undefined && said?.os === undefined ? { ...seen, ...said } : said;
}
