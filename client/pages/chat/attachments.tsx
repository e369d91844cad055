import type { JSX } from "solid-js";
import { For, Show } from "solid-js";
import type { Attachment } from "../../core/index.ts";
import { attachmentHref, attachmentName, sizeLabel } from "./attachment-label.ts";
import { FileIcon } from "./icons.tsx";

/** Files that a message points to. They lie on others' servers, which hear of nobody before a click. */
export function Attachments(props: { attachments: readonly Attachment[] }): JSX.Element {
  return (
    <Show when={props.attachments.length > 0}>
      <ul class="attachments" aria-label="Files">
        <For each={props.attachments}>
          {(attachment) => {
            const content = (
              <>
                <FileIcon />
                <span class="attachment-name" dir="auto">
                  {attachmentName(attachment)}
                </span>
                <span class="attachment-size">{sizeLabel(attachment)}</span>
              </>
            );
            return (
              <li>
                <Show
                  when={attachmentHref(attachment)}
                  fallback={<span class="attachment">{content}</span>}
                >
                  {(href) => (
                    <a
                      class="attachment"
                      href={href()}
                      title={href()}
                      target="_blank"
                      rel="noopener noreferrer nofollow"
                    >
                      {content}
                    </a>
                  )}
                </Show>
              </li>
            );
          }}
        </For>
      </ul>
    </Show>
  );
}
