// Whether the fingerprint may be read. All of it that the core carries: the rest is loaded once the answer is yes.
import type { DeviceNavigator } from "./device-scope.ts";

/** A function is asked each time, and may ask the visitor. */
export type FingerprintOption = boolean | (() => boolean | Promise<boolean>);

type Fingerprints = Pick<typeof import("./fingerprint.ts"), "readFingerprint">;

/**
 * Undefined unless `option` allows it. Under Global Privacy Control nobody is even asked: that browser has said no. Never
 * rejects: what fails to answer, or to load, is a no.
 */
export async function fingerprintIfAllowed(
  option: FingerprintOption,
  navigator: DeviceNavigator | undefined = globalThis.navigator,
  load: () => Promise<Fingerprints> = () => import("./fingerprint.ts"),
): Promise<string | undefined> {
  try {
    if (option === false || navigator?.globalPrivacyControl) return undefined;
    if (option !== true && (await option()) !== true) return undefined;
    return await (await load()).readFingerprint();
  } catch {
    return undefined;
  }
}
