import type { JSX } from "solid-js";
import { createSignal, onCleanup, onMount, Show } from "solid-js";
import type { ChatAttachment } from "../../core/index.ts";
import type { Chat } from "../chat/chat.ts";
import { Dialog } from "../chat/dialog.tsx";
import { DownloadIcon } from "../chat/icons.tsx";
import { attachmentId, attachmentName, sizeLabel } from "./attachment-label.ts";
import { createShownFile } from "./create-shown-file.ts";
import { FileButton } from "./file-button.tsx";
import { saveFile } from "./save-file.ts";

/** How far from being seen an image is fetched. */
const LOAD_AHEAD = "400px";

interface ImageFileProps {
  readonly attachment: ChatAttachment;
  readonly chat: Pick<Chat, "downloadFile">;
}

/** An image in a box whose size is known before it is here, so that nothing moves; fetched when it comes near, opened large. */
export function ImageFile(props: ImageFileProps): JSX.Element {
  const [isNear, setNear] = createSignal(false);
  const [isOpen, setOpen] = createSignal(false);
  const [isBroken, setBroken] = createSignal(false);
  const name = () => attachmentName(props.attachment);
  const file = createShownFile(props.chat, () =>
    isNear() ? attachmentId(props.attachment) : undefined,
  );
  let box!: HTMLDivElement;
  onMount(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          setNear(true);
          observer.disconnect();
        }
      },
      { rootMargin: LOAD_AHEAD },
    );
    observer.observe(box);
    onCleanup(() => observer.disconnect());
  });
  return (
    <Show
      when={!isBroken()}
      fallback={<FileButton attachment={props.attachment} chat={props.chat} />}
    >
      <div
        class="image-box"
        ref={(found) => {
          box = found;
        }}
      >
        <Show
          when={file.url()}
          fallback={
            <Show when={file.failed()} fallback={<p class="image-name">{name()}</p>}>
              <button type="button" class="link" onClick={() => file.again()}>
                {name()} could not be loaded. Try again
              </button>
            </Show>
          }
        >
          {(url) => (
            <button
              type="button"
              class="image-open"
              title={`${name()}, ${sizeLabel(props.attachment)}`}
              aria-haspopup="dialog"
              onClick={() => setOpen(true)}
            >
              <img src={url()} alt={name()} onError={() => setBroken(true)} />
            </button>
          )}
        </Show>
      </div>
      <Show when={isOpen()}>
        <Dialog
          id={`image-${attachmentId(props.attachment)}`}
          title={name()}
          isWide
          open={true}
          onClose={() => setOpen(false)}
        >
          <div class="image-large">
            <img src={file.url()} alt={name()} />
            <button
              type="button"
              class="button"
              onClick={() => {
                const blob = file.blob();
                if (blob) {
                  saveFile(blob, name());
                }
              }}
            >
              <DownloadIcon />
              Download
            </button>
          </div>
        </Dialog>
      </Show>
    </Show>
  );
}
