import type { JSX } from "solid-js";
import { Index, Match, Show, Switch } from "solid-js";
import type { ChatAttachment, LocalAttachment } from "../../core/index.ts";
import type { Chat } from "../chat/chat.ts";
import { FileIcon } from "../chat/icons.tsx";
import { attachmentHref, attachmentName, isImage, sizeLabel } from "./attachment-label.ts";
import { FileButton } from "./file-button.tsx";
import { ImageFile } from "./image-file.tsx";

interface AttachmentsProps {
  readonly attachments: readonly ChatAttachment[];
  /** Whether the message waits for them. */
  readonly isUploading: boolean;
  /** Undefined where files are only named. */
  readonly chat: Pick<Chat, "cancel" | "downloadFile"> | undefined;
  /** The message's. */
  readonly messageKey: string;
}

/** A message's files: images, files to download, and links to what lies on others' servers, which hear of nobody before a click. */
export function Attachments(props: AttachmentsProps): JSX.Element {
  return (
    <Show when={props.attachments.length > 0}>
      <ul class="attachments" aria-label="Files">
        {/* By place: an upload's every step is another object, and has to go on in the same row. */}
        <Index each={props.attachments}>
          {(attachment) => (
            <li>
              <Switch fallback={<LinkedFile attachment={attachment()} />}>
                <Match when={props.chat && isImage(attachment()) && props.chat}>
                  {(chat) => <ImageFile attachment={attachment()} chat={chat()} />}
                </Match>
                <Match when={props.chat && !("url" in attachment()) && props.chat}>
                  {(chat) => <FileButton attachment={attachment()} chat={chat()} />}
                </Match>
              </Switch>
              <Show when={props.isUploading && underWay(attachment())}>
                {(upload) => (
                  <UploadProgress
                    upload={upload()}
                    onCancel={props.chat && (() => props.chat?.cancel(props.messageKey))}
                  />
                )}
              </Show>
            </li>
          )}
        </Index>
      </ul>
    </Show>
  );
}

/** What lies elsewhere, or cannot be had here. */
function LinkedFile(props: { attachment: ChatAttachment }): JSX.Element {
  const content = () => (
    <>
      <FileIcon />
      <span class="attachment-name" dir="auto">
        {attachmentName(props.attachment)}
      </span>
      <span class="attachment-size">{sizeLabel(props.attachment)}</span>
    </>
  );
  return (
    <Show
      when={attachmentHref(props.attachment)}
      fallback={<span class="attachment">{content()}</span>}
    >
      {(href) => (
        <a
          class="attachment"
          href={href()}
          title={href()}
          target="_blank"
          rel="noopener noreferrer nofollow"
        >
          {content()}
        </a>
      )}
    </Show>
  );
}

function underWay(attachment: ChatAttachment): LocalAttachment | undefined {
  const isUnderWay =
    "uploadId" in attachment && attachment.upload !== "stored" && attachment.upload !== "failed";
  return isUnderWay ? attachment : undefined;
}

function UploadProgress(props: {
  upload: LocalAttachment;
  onCancel: (() => void) | undefined;
}): JSX.Element {
  return (
    <div class="upload">
      <progress
        class="upload-progress"
        max={1}
        value={props.upload.progress}
        aria-label={`Uploading ${attachmentName(props.upload)}`}
      />
      <Show when={props.onCancel}>
        {(cancel) => (
          <button type="button" class="link upload-cancel" onClick={() => cancel()()}>
            Cancel
            <span class="visually-hidden"> {attachmentName(props.upload)}</span>
          </button>
        )}
      </Show>
    </div>
  );
}
