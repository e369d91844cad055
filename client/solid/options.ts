import type { Accessor } from "solid-js";
import { untrack } from "solid-js";
import type { SessionClientOptions } from "../core/index.ts";

export type MaybeAccessor<T> = T | Accessor<T>;

/** As for `createSessionClient`, but that what says which session it is may change: the other session is opened then. */
export interface EnhancedSessionOptions extends Omit<SessionClientOptions, "baseUrl" | "teamId"> {
  /** Where the API is: an origin, without a slash at the end. The page's own where it is left out. */
  readonly baseUrl?: MaybeAccessor<string | undefined>;
  readonly teamId: MaybeAccessor<string>;
}

/** Reads what it tracks: which session the options ask for. */
export function address(options: MaybeAccessor<EnhancedSessionOptions>): string {
  const { baseUrl, teamId } = read(options);
  return `${read(teamId)} ${read(baseUrl) ?? ""}`;
}

/** Only where there is a page: its address is the default. */
export function clientOptions(
  options: MaybeAccessor<EnhancedSessionOptions>,
): SessionClientOptions {
  return untrack(() => {
    const { baseUrl, teamId, ...others } = read(options);
    return { ...others, baseUrl: read(baseUrl) ?? location.origin, teamId: read(teamId) };
  });
}

function read<T extends object | string | undefined>(value: MaybeAccessor<T>): T {
  return typeof value === "function" ? value() : value;
}
