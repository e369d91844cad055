import type { JSX } from "solid-js";
import { createSignal, Show } from "solid-js";
import type { ChatAttachment } from "../../core/index.ts";
import type { Chat } from "../chat/chat.ts";
import { DownloadIcon, FileIcon } from "../chat/icons.tsx";
import { attachmentId, attachmentName, sizeLabel } from "./attachment-label.ts";
import { saveFile } from "./save-file.ts";

interface FileButtonProps {
  readonly attachment: ChatAttachment;
  readonly chat: Pick<Chat, "downloadFile">;
}

/** A file with its name and size; pressed, it is fetched and put among the downloads. */
export function FileButton(props: FileButtonProps): JSX.Element {
  const [state, setState] = createSignal<"idle" | "loading" | "failed">("idle");
  const name = () => attachmentName(props.attachment);
  const download = async () => {
    const id = attachmentId(props.attachment);
    if (id === undefined || state() === "loading") {
      return;
    }
    setState("loading");
    try {
      saveFile(await props.chat.downloadFile(id), name());
      setState("idle");
    } catch {
      setState("failed");
    }
  };
  return (
    <>
      <button
        type="button"
        class="attachment"
        title={`Download ${name()}`}
        aria-busy={state() === "loading"}
        onClick={() => void download()}
      >
        <FileIcon />
        <span class="visually-hidden">Download </span>
        <span class="attachment-name" dir="auto">
          {name()}
        </span>
        <span class="attachment-size">{sizeLabel(props.attachment)}</span>
        <DownloadIcon />
      </button>
      <Show when={state() === "failed"}>
        <p class="attachment-failure" role="alert">
          It could not be loaded. Press it to try again.
        </p>
      </Show>
    </>
  );
}
