import type { JSX } from "solid-js";
import { Show } from "solid-js";
import type { ChatMessage } from "../../core/index.ts";
import { FILE_TYPES } from "../../core/index.ts";
import type { Chat } from "../chat/chat.ts";

interface FailedFilesProps {
  readonly message: ChatMessage;
  readonly chat: Pick<Chat, "cancel" | "send">;
}

/** What can be done about a message that was not sent for its files' sake: other files, the text alone, or nothing of it. */
export function FailedFiles(props: FailedFilesProps): JSX.Element {
  const isFailed = () =>
    props.message.delivery === "failed" && props.message.attachments.length > 0;
  const isMissing = () => props.message.failure === "file_missing";
  let field!: HTMLInputElement;
  const sendWith = (attachments: readonly File[]) => {
    const { key, content, conversationId } = props.message;
    props.chat.cancel(key);
    props.chat.send(content, {
      ...(attachments.length > 0 && { attachments }),
      ...(conversationId !== undefined && { conversationId }),
    });
  };
  return (
    <Show when={isFailed()}>
      <Show when={isMissing()}>
        <input
          type="file"
          class="visually-hidden"
          tabIndex={-1}
          aria-hidden="true"
          multiple
          accept={FILE_TYPES.join()}
          ref={(found) => {
            field = found;
          }}
          onChange={() => field.files?.length && sendWith([...field.files])}
        />
        <button type="button" class="link" onClick={() => field.click()}>
          Choose again
        </button>
      </Show>
      <Show when={props.message.content}>
        <button type="button" class="link" onClick={() => sendWith([])}>
          Send without
        </button>
      </Show>
      <button type="button" class="link" onClick={() => props.chat.cancel(props.message.key)}>
        Remove
      </button>
    </Show>
  );
}
