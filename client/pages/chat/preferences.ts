// What a visitor chose for this page, in this browser.
import type { Accessor } from "solid-js";
import { createSignal } from "solid-js";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface Preferences {
  readonly theme: Accessor<Theme>;
  setTheme(theme: Theme): void;
  /** Whether this browser may be recognised. */
  readonly recognised: Accessor<boolean>;
  setRecognised(recognised: boolean): void;
  /** The browser asks all sites not to do that, and its word counts. */
  readonly isRefusedByBrowser: boolean;
}

const THEME = "durable-sessions-page/theme";
/** Each team's by itself: what was allowed one, nobody has allowed the next. */
const RECOGNISED = "durable-sessions-page/recognised/";

export function createPreferences(teamId: string): Preferences {
  const recognisedItem = RECOGNISED + teamId;
  const isRefusedByBrowser =
    "globalPrivacyControl" in navigator && navigator.globalPrivacyControl === true;
  const kept = read(THEME);
  const [theme, setTheme] = createSignal(THEMES.find((known) => known === kept) ?? "system");
  const [recognised, setRecognised] = createSignal(read(recognisedItem) === "yes");
  show(theme());
  return {
    theme,
    setTheme(chosen) {
      setTheme(chosen);
      show(chosen);
      write(THEME, chosen === "system" ? undefined : chosen);
    },
    recognised: () => recognised() && !isRefusedByBrowser,
    setRecognised(chosen) {
      setRecognised(chosen);
      write(recognisedItem, chosen ? "yes" : undefined);
    },
    isRefusedByBrowser,
  };
}

/** The style goes by it. */
function show(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}

function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Where nothing is kept, a choice holds for as long as the page. */
function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) {
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, value);
    }
  } catch {
    // Blocked or full.
  }
}
