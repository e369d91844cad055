import type { JSX } from "solid-js";
import { For } from "solid-js";
import { Dialog } from "./dialog.tsx";
import type { Preferences, Theme } from "./preferences.ts";
import { THEMES } from "./preferences.ts";

interface SettingsDialogProps {
  readonly preferences: Preferences;
  readonly open: boolean;
  readonly onClose: () => void;
}

const THEME_NAMES: Readonly<Record<Theme, string>> = {
  system: "As the device",
  light: "Light",
  dark: "Dark",
};

/** How the chat looks, and what it may know of the browser. */
export function SettingsDialog(props: SettingsDialogProps): JSX.Element {
  const { preferences } = props;
  return (
    <Dialog id="settings-title" title="Settings" open={props.open} onClose={props.onClose}>
      <div class="dialog-body settings">
        <fieldset class="settings-group">
          <legend>Appearance</legend>
          <div class="segments">
            <For each={THEMES}>
              {(theme) => (
                <label class="segment">
                  <input
                    type="radio"
                    name="theme"
                    class="visually-hidden"
                    checked={preferences.theme() === theme}
                    onChange={() => preferences.setTheme(theme)}
                  />
                  <span>{THEME_NAMES[theme]}</span>
                </label>
              )}
            </For>
          </div>
        </fieldset>
        <fieldset class="settings-group">
          <legend>Privacy</legend>
          <label class="switch">
            <input
              type="checkbox"
              checked={preferences.recognised()}
              disabled={preferences.isRefusedByBrowser}
              aria-describedby="recognise-text"
              onChange={(event) => preferences.setRecognised(event.currentTarget.checked)}
            />
            Recognise this browser
          </label>
          <p id="recognise-text">
            {preferences.isRefusedByBrowser
              ? "Your browser asks sites not to recognise it, and this one does not."
              : "When you begin another chat, the team can see that it comes from this browser. It opens nothing, and tells nothing else about you."}
          </p>
        </fieldset>
      </div>
    </Dialog>
  );
}
