import type { JSX } from "solid-js";
import { createEffect, createSignal, on } from "solid-js";
import type { SessionClient } from "../../core/index.ts";
import type { Select } from "../chat/create-session-state.ts";
import { createLoaded } from "./create-loaded.ts";
import { DeviceList } from "./device-list.tsx";
import { HandOff } from "./hand-off.tsx";
import { ShareLinks } from "./share-links.tsx";

export interface SharingContentProps {
  readonly client: SessionClient;
  readonly select: Select;
  /** What was pressed has gone with what it was for. */
  readonly onFocusLost: () => void;
}

/** All of the dialog, loaded when it is first opened: most visitors never do. */
export function SharingContent(props: SharingContentProps): JSX.Element {
  const presence = props.select((state) => state.presence);
  const devices = createLoaded(() => props.client.devices());
  const invites = createLoaded(() => props.client.invites());
  const [done, setDone] = createSignal("");
  // Whoever comes or goes changes what the lists say.
  createEffect(
    on(presence, () => {
      void devices.reload();
      void invites.reload();
    }),
  );
  const tell = (what: string) => {
    setDone(what);
    if (document.activeElement === document.body) {
      props.onFocusLost();
    }
  };
  return (
    <>
      <div class="sharing-body">
        <DeviceList
          client={props.client}
          devices={devices}
          onDone={(what) => {
            tell(what);
            void invites.reload();
          }}
        />
        <HandOff client={props.client} devices={devices.value() ?? []} onDone={tell} />
        <ShareLinks
          client={props.client}
          invites={invites}
          onDone={(what) => {
            tell(what);
            void devices.reload();
          }}
        />
      </div>
      <p class="visually-hidden" role="status">
        {done()}
      </p>
    </>
  );
}
