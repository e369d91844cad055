// Where device-info.ts and fingerprint.ts look. Any of it may be missing: in Node, in React Native, in a worker, on a page that
// was not opened over TLS. What a browser or an extension really puts there may also be of another type than is said here.
import type { Clock } from "./environment.ts";

export interface ClientHints {
  readonly brands?: readonly Brand[];
  readonly mobile?: boolean;
  readonly platform?: string;
  readonly getHighEntropyValues?: (hints: string[]) => Promise<HighEntropyValues>;
}

export interface Brand {
  readonly brand: string;
  readonly version: string;
}

export interface HighEntropyValues {
  readonly fullVersionList?: readonly Brand[];
  readonly platformVersion?: string;
  readonly formFactors?: readonly string[];
}

/** The part of `Navigator` that is read. */
export interface DeviceNavigator {
  readonly userAgentData?: ClientHints;
  readonly userAgent?: string;
  readonly languages?: readonly string[];
  readonly maxTouchPoints?: number;
  readonly platform?: string;
  readonly vendor?: string;
  readonly hardwareConcurrency?: number;
  readonly globalPrivacyControl?: boolean;
}

export interface DeviceScope {
  readonly navigator: DeviceNavigator | undefined;
  /** CSS pixels. */
  readonly screen: { readonly width: number; readonly height: number } | undefined;
  /** IANA name. */
  readonly timeZone: () => string | undefined;
  readonly after: Clock["after"];
  /** Undefined where nothing can be drawn. */
  readonly createCanvas: ((width: number, height: number) => HTMLCanvasElement) | undefined;
  /** Undefined where the browser withholds it, because the page was not opened over TLS. */
  readonly sha256: ((bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>) | undefined;
}

type Globals = Partial<
  Pick<typeof globalThis, "navigator" | "screen" | "document" | "crypto" | "Intl">
>;

/** What the place that this runs in has of it. */
export function globalDeviceScope(): DeviceScope {
  const { navigator, screen, document, crypto, Intl: intl }: Globals = globalThis;
  const subtle: SubtleCrypto | undefined = crypto?.subtle;
  return {
    navigator,
    screen,
    timeZone: () => intl?.DateTimeFormat().resolvedOptions().timeZone,
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    createCanvas:
      document &&
      ((width, height) => Object.assign(document.createElement("canvas"), { width, height })),
    sha256: subtle && ((bytes) => subtle.digest("SHA-256", bytes)),
  };
}
