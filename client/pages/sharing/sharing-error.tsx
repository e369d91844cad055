import type { JSX } from "solid-js";
import { Show } from "solid-js";

interface SharingErrorProps {
  readonly message: string | undefined;
}

/** Why something was not done; nothing where it was. */
export function SharingError(props: SharingErrorProps): JSX.Element {
  return (
    <Show when={props.message}>
      <p class="sharing-error" role="alert">
        {props.message}
      </p>
    </Show>
  );
}
