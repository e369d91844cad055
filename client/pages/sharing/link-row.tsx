import type { JSX } from "solid-js";
import { createSignal, Show } from "solid-js";
import type { Invite, Sharing } from "../../core/index.ts";
import { LinkIcon } from "../chat/icons.tsx";
import { failureLabel, inviteDetails, inviteDevices, inviteName } from "./labels.ts";
import { SharingError } from "./sharing-error.tsx";

interface LinkRowProps {
  readonly sharing: Sharing;
  readonly invite: Invite;
  readonly onRevoked: () => Promise<void>;
}

/** A link that was made, and the way to take it back. */
export function LinkRow(props: LinkRowProps): JSX.Element {
  const [phase, setPhase] = createSignal<"idle" | "asking" | "revoking">("idle");
  const [signsOut, setSignsOut] = createSignal(true);
  const [failure, setFailure] = createSignal<string>();
  let revokeButton!: HTMLButtonElement;
  const revoke = async () => {
    setPhase("revoking");
    setFailure();
    try {
      await props.sharing.revokeInvite(props.invite.inviteId, {
        revokeCredentials: signsOut(),
      });
      await props.onRevoked();
    } catch (error) {
      setFailure(failureLabel(error));
    }
    setPhase("idle");
  };
  return (
    <li class="sharing-item" data-testid="link">
      <LinkIcon />
      <div class="sharing-item-text">
        <p class="sharing-item-title">{inviteName(props.invite)}</p>
        <p>{inviteDetails(props.invite, Date.now())}</p>
        <p>{inviteDevices(props.invite)}</p>
      </div>
      <button
        type="button"
        class="button button-small"
        ref={(found) => {
          revokeButton = found;
        }}
        aria-expanded={phase() !== "idle"}
        onClick={() => setPhase(phase() === "idle" ? "asking" : "idle")}
      >
        Revoke
      </button>
      <Show when={phase() !== "idle"}>
        <fieldset class="sharing-question">
          <legend>Nobody else comes in by this link any more.</legend>
          <label class="check">
            <input
              type="checkbox"
              checked={signsOut()}
              onChange={(event) => setSignsOut(event.currentTarget.checked)}
            />
            Also sign out who came in by it
          </label>
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              setPhase("idle");
              revokeButton.focus();
            }}
          >
            Keep it
          </button>
          <button
            type="button"
            class="button button-small button-danger"
            disabled={phase() === "revoking"}
            onClick={() => void revoke()}
          >
            {phase() === "revoking" ? "Revoking…" : "Revoke the link"}
          </button>
        </fieldset>
      </Show>
      <SharingError message={failure()} />
    </li>
  );
}
