import type { JSX } from "solid-js";
import { createEffect, onCleanup, onMount, Show } from "solid-js";
import { MAX_CONTENT_BYTES } from "../../core/index.ts";
import { AttachButton } from "../files/attach-button.tsx";
import { ChosenFiles } from "../files/chosen-files.tsx";
import { createAttaching } from "../files/create-attaching.ts";
import { DropZone } from "../files/drop-zone.tsx";
import type { Chat } from "./chat.ts";
import { SendIcon, StopIcon } from "./icons.tsx";

/** Somebody who has not touched a key for this long is not writing. */
const TYPING_IDLE_MS = 5_000;

const IME_KEY_CODE = 229;

interface ComposerProps {
  readonly chat: Chat;
  /** Kept outside: it outlives the composer when the session ends while somebody writes. */
  readonly draft: string;
  readonly onDraft: (draft: string) => void;
  readonly takesFocus: boolean;
  /** What else can be done here. */
  readonly children?: JSX.Element;
}

/** Where somebody writes. It takes messages without a connection too: they wait. */
export function Composer(props: ComposerProps): JSX.Element {
  const excess = () => new TextEncoder().encode(props.draft).length - MAX_CONTENT_BYTES;
  const attaching = createAttaching(props.chat);
  const { chosen } = attaching;
  const canSend = () =>
    (props.draft.trim() !== "" || chosen().length > 0) &&
    chosen().every(({ failure }) => failure === undefined) &&
    excess() <= 0;
  let field!: HTMLTextAreaElement;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(idleTimer));
  onMount(() => {
    if (props.takesFocus) {
      field.focus();
    }
  });

  // Whoever is cut off later can attach all the same.
  createEffect(() => {
    if (props.chat.synced()) {
      props.chat.prepareFiles().catch(() => undefined);
    }
  });
  const attach = (files: Iterable<File>) => {
    attaching.add(files);
    field.focus();
  };
  const pasted = (event: ClipboardEvent) => {
    const files = event.clipboardData?.files;
    if (files && files.length > 0) {
      event.preventDefault();
      attach(files);
    }
  };

  const typed = () => {
    props.onDraft(field.value);
    clearTimeout(idleTimer);
    props.chat.setTyping(field.value !== "");
    idleTimer = setTimeout(() => props.chat.setTyping(false), TYPING_IDLE_MS);
  };
  const send = () => {
    if (canSend()) {
      clearTimeout(idleTimer);
      const attachments = attaching.take();
      props.chat.send(props.draft.trim(), attachments.length > 0 ? { attachments } : {});
      props.onDraft("");
    }
    field.focus();
  };
  const isStreaming = () => props.chat.streaming().length > 0;
  const stop = () => {
    for (const { key } of props.chat.streaming()) {
      props.chat.cancel(key);
    }
  };
  const keyDown = (event: KeyboardEvent) => {
    // An input method's Enter chooses a word. Safari ends the composition first and tells by the key code alone.
    const composing = event.isComposing || event.keyCode === IME_KEY_CODE;
    if (event.key === "Enter" && !event.shiftKey && !composing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && !composing && isStreaming()) {
      // It means the answer, and nothing around the chat.
      event.preventDefault();
      stop();
    }
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-actions">
        {props.children}
        <Show when={isStreaming()}>
          <button
            type="button"
            class="chip chip-stop"
            title="Stop the answer (Esc)"
            onClick={() => {
              stop();
              field.focus();
            }}
          >
            <StopIcon />
            Stop
          </button>
        </Show>
      </div>
      <DropZone onFiles={attach} />
      <ChosenFiles attaching={attaching} onRemoved={() => field.focus()} />
      <div class="composer-box">
        <AttachButton onFiles={attach} />
        <label class="visually-hidden" for="composer-field">
          Message
        </label>
        {/* The same text, invisible: it makes the cell, and with it the field, as high as it needs. */}
        <div class="composer-grow" data-text={`${props.draft} `}>
          <textarea
            id="composer-field"
            ref={(found) => {
              field = found;
            }}
            rows="1"
            value={props.draft}
            placeholder="Write a message"
            enterkeyhint="send"
            autocomplete="off"
            aria-describedby="composer-hint"
            aria-invalid={excess() > 0}
            onInput={typed}
            onKeyDown={keyDown}
            onPaste={pasted}
          />
        </div>
        <button
          type="submit"
          class="composer-send"
          disabled={!canSend()}
          aria-label="Send"
          title="Send"
        >
          <SendIcon />
        </button>
      </div>
      <p class="composer-hint" id="composer-hint">
        <Show
          when={excess() > 0}
          fallback={<span class="keys-hint">Enter sends, Shift + Enter starts a new line</span>}
        >
          <strong role="alert">This message is too long. Send it in parts.</strong>
        </Show>
      </p>
    </form>
  );
}
