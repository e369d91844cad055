import type { JSX } from "solid-js";
import { Show } from "solid-js";
import type { ConnectionLabel } from "./labels.ts";
import { ALONE } from "./labels.ts";

/** How the connection is, and who else is here. */
export function ConnectionStatus(props: {
  readonly connection: ConnectionLabel;
  readonly presence: string;
}): JSX.Element {
  return (
    <p class="header-status" role="status">
      <span class={`dot dot-${props.connection.tone}`} aria-hidden="true" />
      <span data-testid="connection">{props.connection.text}</span>
      <Show when={props.presence}>
        {(who) => (
          <span
            class="header-presence"
            classList={{ "header-alone": who() === ALONE }}
            data-testid="presence"
            title={who()}
          >
            {who()}
          </span>
        )}
      </Show>
    </p>
  );
}
