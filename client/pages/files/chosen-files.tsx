import type { JSX } from "solid-js";
import { createSignal, Index, onCleanup, Show } from "solid-js";
import { MAX_ATTACHMENTS_PER_MESSAGE } from "../../core/index.ts";
import { CloseIcon, FileIcon } from "../chat/icons.tsx";
import { attachmentName, fileFailureLabel, sizeLabel } from "./attachment-label.ts";
import type { Attaching, Chosen } from "./create-attaching.ts";

/** What will go with the next message. */
export function ChosenFiles(props: { attaching: Attaching; onRemoved: () => void }): JSX.Element {
  return (
    <>
      <Show when={props.attaching.chosen().length > 0}>
        <ul class="chosen-files" aria-label="Files to send">
          <Index each={props.attaching.chosen()}>
            {(one) => (
              <ChosenFile
                chosen={one()}
                onRemove={() => {
                  props.attaching.remove(one().file);
                  props.onRemoved();
                }}
              />
            )}
          </Index>
        </ul>
      </Show>
      <Show when={props.attaching.isFull()}>
        <p class="chosen-failure" role="alert">
          One message takes {MAX_ATTACHMENTS_PER_MESSAGE} files. Send the others with the next.
        </p>
      </Show>
    </>
  );
}

function ChosenFile(props: { chosen: Chosen; onRemove: () => void }): JSX.Element {
  const name = () => attachmentName(props.chosen.file);
  const failure = () => {
    const { failure: code } = props.chosen;
    return code && (fileFailureLabel(code) ?? "It could not be uploaded");
  };
  return (
    <li class="chosen-file" data-failed={failure() ? "" : undefined}>
      <Show when={props.chosen.file.type.startsWith("image/")} fallback={<FileIcon />}>
        <Thumbnail file={props.chosen.file} />
      </Show>
      <span class="chosen-text">
        <span class="attachment-name" dir="auto">
          {name()}
        </span>
        <Show
          when={failure()}
          fallback={
            <Show
              when={!props.chosen.isStored}
              fallback={<span class="attachment-size">{sizeLabel(props.chosen.file)}</span>}
            >
              <progress
                class="upload-progress"
                max={1}
                value={props.chosen.progress}
                aria-label={`Uploading ${name()}`}
              />
            </Show>
          }
        >
          {(text) => (
            <span class="chosen-failure" role="alert">
              {text()}
            </span>
          )}
        </Show>
      </span>
      <button
        type="button"
        class="button button-quiet button-icon chosen-remove"
        aria-label={`Remove ${name()}`}
        title="Remove"
        onClick={() => props.onRemove()}
      >
        <CloseIcon />
      </button>
    </li>
  );
}

function Thumbnail(props: { file: File }): JSX.Element {
  const url = URL.createObjectURL(props.file);
  const [isBroken, setBroken] = createSignal(false);
  onCleanup(() => URL.revokeObjectURL(url));
  return (
    <Show when={!isBroken()} fallback={<FileIcon />}>
      <img class="chosen-thumbnail" src={url} alt="" onError={() => setBroken(true)} />
    </Show>
  );
}
