import type { JSX } from "solid-js";
import { Match, Switch } from "solid-js";
import type { Loaded } from "./create-loaded.ts";

interface ListStatusProps {
  readonly list: Loaded<readonly unknown[]>;
  /** As a sentence begins: "The devices". */
  readonly what: string;
}

/** Stands above a list as long as it is not what the server says. */
export function ListStatus(props: ListStatusProps): JSX.Element {
  return (
    <Switch>
      <Match when={props.list.failed()}>
        <p class="sharing-error" role="alert">
          {props.what} could not be loaded.{" "}
          <button type="button" class="link" onClick={() => void props.list.reload()}>
            Try again
          </button>
        </p>
      </Match>
      <Match when={props.list.value() === undefined}>
        <p class="sharing-loading">Loading…</p>
      </Match>
    </Switch>
  );
}
