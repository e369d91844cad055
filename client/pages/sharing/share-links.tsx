import type { JSX } from "solid-js";
import { createMemo, createSignal, For, Show } from "solid-js";
import type { Invite, Sharing } from "../../core/index.ts";
import type { Loaded } from "./create-loaded.ts";
import { failureLabel, isOpen } from "./labels.ts";
import { LinkField } from "./link-field.tsx";
import { LinkRow } from "./link-row.tsx";
import { ListStatus } from "./list-status.tsx";
import { pageUrl } from "./page-url.ts";
import { SharingError } from "./sharing-error.tsx";

interface ShareLinksProps {
  readonly sharing: Sharing;
  readonly invites: Loaded<readonly Invite[]>;
  readonly onDone: (what: string) => void;
}

const LIFETIMES = [
  { seconds: 86_400, name: "in a day" },
  { seconds: 7 * 86_400, name: "in a week" },
  { seconds: 30 * 86_400, name: "in 30 days" },
];

/** Makes links for others, and takes them back. */
export function ShareLinks(props: ShareLinksProps): JSX.Element {
  // A hand-off that was used is a device like any other, and stands among them.
  const shown = () =>
    (props.invites.value() ?? []).filter(
      (invite) => invite.role !== "owner" || isOpen(invite, Date.now()),
    );
  const byId = createMemo(() => new Map(shown().map((invite) => [invite.inviteId, invite])));
  const ids = createMemo(() => [...byId().keys()]);
  const [role, setRole] = createSignal<"reader" | "writer">("reader");
  const [seconds, setSeconds] = createSignal(7 * 86_400);
  const [busy, setBusy] = createSignal(false);
  const [failure, setFailure] = createSignal<string>();
  const [url, setUrl] = createSignal<string>();

  const make = async () => {
    setBusy(true);
    setFailure();
    try {
      const { url } = await props.sharing.share({
        role: role(),
        expiresInSeconds: seconds(),
        pageUrl: pageUrl(),
      });
      setUrl(url);
      props.onDone("The link is made.");
    } catch (error) {
      setFailure(failureLabel(error));
    }
    setBusy(false);
    await props.invites.reload();
  };

  return (
    <section class="sharing-section" aria-labelledby="share-title">
      <h3 id="share-title">Share a link</h3>
      <p>Whoever opens the link sees the whole chat. Nobody needs an account.</p>
      <form
        class="share-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <fieldset class="choice">
          <legend class="visually-hidden">What the link allows</legend>
          <label>
            <input
              type="radio"
              name="role"
              checked={role() === "reader"}
              onChange={() => setRole("reader")}
            />
            Read only
          </label>
          <label>
            <input
              type="radio"
              name="role"
              checked={role() === "writer"}
              onChange={() => setRole("writer")}
            />
            May write
          </label>
        </fieldset>
        <label class="share-lifetime">
          Ends{" "}
          <select onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
            <For each={LIFETIMES}>
              {(lifetime) => (
                <option value={lifetime.seconds} selected={lifetime.seconds === seconds()}>
                  {lifetime.name}
                </option>
              )}
            </For>
          </select>
        </label>
        <button type="submit" class="button button-small button-primary" disabled={busy()}>
          {busy() ? "Making a link…" : "Make a link"}
        </button>
      </form>
      <SharingError message={failure()} />
      <Show when={url()}>
        {(made) => (
          <div class="made-link">
            <LinkField url={made()} label="Share link" />
            <p>Copy it now: it is shown this once.</p>
          </div>
        )}
      </Show>
      <ListStatus list={props.invites} what="The links" />
      <ul class="sharing-list" aria-label="Links">
        <For each={ids()}>
          {(id) => (
            <Show when={byId().get(id)}>
              {(invite) => (
                <LinkRow
                  sharing={props.sharing}
                  invite={invite()}
                  onRevoked={async () => {
                    setUrl();
                    await props.invites.reload();
                    props.onDone("The link was revoked.");
                  }}
                />
              )}
            </Show>
          )}
        </For>
      </ul>
    </section>
  );
}
