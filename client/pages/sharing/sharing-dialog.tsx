import type { JSX } from "solid-js";
import { createEffect, createSignal, Match, Switch } from "solid-js";
import { Dialog } from "../chat/dialog.tsx";
import type { SharingContent, SharingContentProps } from "./sharing-content.tsx";

interface SharingDialogProps extends Omit<SharingContentProps, "onFocusLost"> {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Who has access to this chat, and how others get it. */
export function SharingDialog(props: SharingDialogProps): JSX.Element {
  const [loaded, setLoaded] = createSignal<{ Content: typeof SharingContent }>();
  const [failed, setFailed] = createSignal(false);
  let title!: HTMLHeadingElement;
  const load = async () => {
    setFailed(false);
    try {
      const { SharingContent: Content } = await import("./sharing-content.tsx");
      setLoaded({ Content });
    } catch {
      setFailed(true);
    }
  };
  createEffect(() => {
    if (props.open) {
      void load();
    }
  });
  return (
    <Dialog
      id="sharing-title"
      title="Devices and sharing"
      isWide={true}
      open={props.open}
      onClose={props.onClose}
      ref={(found) => {
        title = found;
      }}
    >
      <Switch fallback={<p class="sharing-waiting">Loading…</p>}>
        <Match when={loaded()}>
          {(module) => {
            const { Content } = module();
            return (
              <Content
                sharing={props.sharing}
                presence={props.presence}
                onFocusLost={() => title.focus()}
              />
            );
          }}
        </Match>
        <Match when={failed()}>
          <p class="sharing-waiting" role="alert">
            This could not be loaded.{" "}
            <button type="button" class="link" onClick={() => void load()}>
              Try again
            </button>
          </p>
        </Match>
      </Switch>
    </Dialog>
  );
}
