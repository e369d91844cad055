import type { JSX } from "solid-js";
import { createEffect, createSignal, on } from "solid-js";
import type { Presence, Sharing } from "../../core/index.ts";
import { createLoaded } from "./create-loaded.ts";
import { DeviceList } from "./device-list.tsx";
import { HandOff } from "./hand-off.tsx";
import { ShareLinks } from "./share-links.tsx";

export interface SharingContentProps {
  readonly sharing: Sharing;
  readonly presence: readonly Presence[];
  /** What was pressed has gone with what it was for. */
  readonly onFocusLost: () => void;
}

/** All of the dialog, loaded when it is first opened: most visitors never do. */
export function SharingContent(props: SharingContentProps): JSX.Element {
  const devices = createLoaded(() => props.sharing.devices());
  const invites = createLoaded(() => props.sharing.invites());
  const [done, setDone] = createSignal("");
  // Whoever comes or goes changes what the lists say.
  createEffect(
    on(
      () => props.presence,
      () => {
        void devices.reload();
        void invites.reload();
      },
    ),
  );
  const tell = (what: string) => {
    setDone(what);
    if (document.activeElement === document.body) {
      props.onFocusLost();
    }
  };
  return (
    <>
      <div class="dialog-body">
        <DeviceList
          sharing={props.sharing}
          devices={devices}
          onDone={(what) => {
            tell(what);
            void invites.reload();
          }}
        />
        <HandOff sharing={props.sharing} devices={devices.value() ?? []} onDone={tell} />
        <ShareLinks
          sharing={props.sharing}
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
