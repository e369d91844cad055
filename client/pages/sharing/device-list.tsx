import type { JSX } from "solid-js";
import { createMemo, createSignal, For, Match, Show, Switch } from "solid-js";
import type { Device, Sharing } from "../../core/index.ts";
import { GuestIcon, LaptopIcon, PhoneIcon } from "../chat/icons.tsx";
import type { Loaded } from "./create-loaded.ts";
import { deviceDetails, deviceName, failureLabel, guestLabel } from "./labels.ts";
import { ListStatus } from "./list-status.tsx";
import { SharingError } from "./sharing-error.tsx";

interface DeviceListProps {
  readonly sharing: Sharing;
  readonly devices: Loaded<readonly Device[]>;
  /** Told of what happened, in a sentence. */
  readonly onDone: (what: string) => void;
}

/** Everybody who has access, and the way to end that. */
export function DeviceList(props: DeviceListProps): JSX.Element {
  const byId = createMemo(
    () => new Map((props.devices.value() ?? []).map((device) => [device.credentialId, device])),
  );
  const ids = createMemo(() => [...byId().keys()]);
  const others = () => Math.max(0, ids().length - 1);
  const [asking, setAsking] = createSignal(false);
  const [busy, setBusy] = createSignal<string>();
  let askButton: HTMLButtonElement | undefined;
  const [failure, setFailure] = createSignal<string>();

  const signOut = async (which: string, act: () => Promise<void>, done: string) => {
    setBusy(which);
    setFailure();
    try {
      await act();
      setAsking(false);
      await props.devices.reload();
      props.onDone(done);
    } catch (error) {
      setFailure(failureLabel(error));
      await props.devices.reload();
    }
    setBusy();
  };
  const signOutOne = (device: Device) =>
    signOut(
      device.credentialId,
      () => props.sharing.revokeDevice(device.credentialId),
      `${deviceName(device)} was signed out.`,
    );
  const signOutOthers = () =>
    signOut("others", () => props.sharing.revokeOtherDevices(), "All others were signed out.");

  return (
    <section class="sharing-section" aria-labelledby="devices-title">
      <h3 id="devices-title">Who has access</h3>
      <ListStatus list={props.devices} what="The devices" />
      <ul class="sharing-list" aria-labelledby="devices-title">
        <For each={ids()}>
          {(id) => (
            <Show when={byId().get(id)}>
              {(device) => (
                <li class="sharing-item" data-testid="device">
                  <Switch fallback={<LaptopIcon />}>
                    <Match when={guestLabel(device())}>
                      <GuestIcon />
                    </Match>
                    <Match when={device().deviceInfo.deviceType === "mobile"}>
                      <PhoneIcon />
                    </Match>
                  </Switch>
                  <div class="sharing-item-text">
                    <p class="sharing-item-title">
                      {deviceName(device())}
                      <Show when={device().current ? "This device" : guestLabel(device())}>
                        {(tag) => <span class="tag">{tag()}</span>}
                      </Show>
                    </p>
                    <p>{deviceDetails(device(), Date.now())}</p>
                  </div>
                  <Show when={!device().current}>
                    <button
                      type="button"
                      class="button button-small"
                      aria-label={`Sign out ${deviceName(device())}`}
                      disabled={busy() !== undefined}
                      onClick={() => void signOutOne(device())}
                    >
                      {busy() === id ? "Signing out…" : "Sign out"}
                    </button>
                  </Show>
                </li>
              )}
            </Show>
          )}
        </For>
      </ul>
      <SharingError message={failure()} />
      <Show when={others() > 0}>
        <Show
          when={asking()}
          fallback={
            <button
              type="button"
              class="button button-small"
              ref={(found) => {
                askButton = found;
              }}
              onClick={() => setAsking(true)}
            >
              Sign out all others
            </button>
          }
        >
          <fieldset class="sharing-question">
            <legend>
              Sign out everybody but this device, guests too? Open links let people in again until
              you revoke them.
            </legend>
            <button
              type="button"
              class="button button-small"
              ref={(button) => queueMicrotask(() => button.focus())}
              onClick={() => {
                setAsking(false);
                askButton?.focus();
              }}
            >
              Keep them
            </button>
            <button
              type="button"
              class="button button-small button-danger"
              disabled={busy() !== undefined}
              onClick={() => void signOutOthers()}
            >
              {busy() === "others" ? "Signing out…" : `Sign out ${others()}`}
            </button>
          </fieldset>
        </Show>
      </Show>
    </section>
  );
}
