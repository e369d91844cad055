// What a page that has the widget on it can call: `window.DurableSessions`.
import type { ChatEvent } from "./messages.ts";

export type WidgetEvent =
  | { readonly name: "ready" | "open" | "close"; readonly detail: undefined }
  | ChatEvent;

export type WidgetEventName = WidgetEvent["name"];

export type WidgetListener<N extends WidgetEventName = WidgetEventName> = (
  detail: Extract<WidgetEvent, { name: N }>["detail"],
) => void;

/**
 * A token that the team's backend signed a moment ago, or what gets one; undefined for nobody. A token works once: with a
 * function, the person is still known when the chat has to ask again.
 */
export type Identity =
  | string
  | undefined
  | (() => string | undefined | Promise<string | undefined>);

export interface WidgetApi {
  open(): void;
  close(): void;
  toggle(): void;
  /** Says who the person is, now and whenever the chat asks again. */
  identify(identity: Identity): void;
  on<N extends WidgetEventName>(name: N, listener: WidgetListener<N>): void;
  off<N extends WidgetEventName>(name: N, listener: WidgetListener<N>): void;
  /** Makes calls, each an array of a name and its arguments. Works before the script has loaded, too, on a plain array. */
  push(...calls: WidgetCall[]): void;
}

export type WidgetCall =
  | readonly ["open" | "close" | "toggle"]
  | readonly ["identify", Identity]
  | { [N in WidgetEventName]: readonly ["on" | "off", N, WidgetListener<N>] }[WidgetEventName];

declare global {
  interface Window {
    /** An array of calls until the script has loaded. */
    DurableSessions?: WidgetApi | WidgetCall[];
  }
}
