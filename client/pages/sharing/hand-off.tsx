import type { JSX } from "solid-js";
import { createEffect, createMemo, createSignal, Match, onCleanup, Show, Switch } from "solid-js";
import type { CreatedInvite, Device, Sharing } from "../../core/index.ts";
import { formatTime } from "../chat/format.ts";
import { deviceName, failureLabel } from "./labels.ts";
import { LinkField } from "./link-field.tsx";
import { pageUrl } from "./page-url.ts";
import { QrCode } from "./qr-code.tsx";
import { SharingError } from "./sharing-error.tsx";

interface HandOffProps {
  readonly sharing: Sharing;
  readonly devices: readonly Device[];
  readonly onDone: (what: string) => void;
}

/** Lets the visitor go on on another device of theirs. */
export function HandOff(props: HandOffProps): JSX.Element {
  const [busy, setBusy] = createSignal(false);
  const [failure, setFailure] = createSignal<string>();
  const [made, setMade] = createSignal<CreatedInvite>();
  const [isOver, setOver] = createSignal(false);
  const arrived = createMemo(() =>
    props.devices.find(
      ({ inviteId, connected }) =>
        connected && inviteId !== undefined && inviteId === made()?.inviteId,
    ),
  );
  createEffect(() => {
    const invite = made();
    if (invite) {
      setOver(false);
      const timer = setTimeout(() => setOver(true), Date.parse(invite.expiresAt) - Date.now());
      onCleanup(() => clearTimeout(timer));
    }
  });
  const make = async () => {
    setBusy(true);
    setFailure();
    try {
      setMade(await props.sharing.handOff({ pageUrl: pageUrl() }));
      props.onDone("The link is made.");
    } catch (error) {
      setFailure(failureLabel(error));
    }
    setBusy(false);
  };
  return (
    <section class="sharing-section" aria-labelledby="hand-off-title">
      <h3 id="hand-off-title">Continue on another device</h3>
      <Switch
        fallback={
          <>
            <p>
              Open this chat on your phone or another computer as your own. Both stay signed in.
            </p>
            <Show when={isOver()}>
              <p>The last link was not used in time.</p>
            </Show>
            <button
              type="button"
              class="button button-small"
              disabled={busy()}
              onClick={() => void make()}
            >
              {busy() ? "Making a link…" : "Show a link and code"}
            </button>
          </>
        }
      >
        <Match when={arrived()}>
          {(device) => (
            <>
              <p role="status">{deviceName(device())} is signed in now.</p>
              <button type="button" class="button button-small" onClick={() => setMade()}>
                Add another device
              </button>
            </>
          )}
        </Match>
        <Match when={!isOver() && made()}>
          {(invite) => (
            <div class="hand-off">
              <QrCode text={invite().url} label="QR code of the link" />
              <div class="hand-off-text">
                <p>Scan the code with the other device, or open the link there.</p>
                <LinkField url={invite().url} label="Link for another device" />
                <p>
                  It works once, until {formatTime(Date.parse(invite().expiresAt))}, and gives full
                  access: show it to nobody.
                </p>
              </div>
            </div>
          )}
        </Match>
      </Switch>
      <SharingError message={failure()} />
    </section>
  );
}
