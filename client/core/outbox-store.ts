// Where unsent messages wait for better times: each an item of its own, so that no tab has to rewrite what another wrote.

import type { StoredAttachment } from "../../src/protocol/file.ts";
import { MAX_MESSAGE_BYTES } from "../../src/protocol/limits.ts";
import type { NewMessage } from "../../src/protocol/message.ts";
import { isAttachment } from "./chat-message.ts";
import type { RequestErrorCode } from "./request-error.ts";
import type { LocalAttachment } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";
import { asFields, fieldsOf, isTextOrNone } from "./stored-fields.ts";

/** Longer ones are refused anyway, and their text is not worth the room of all others. */
const MAX_ITEM_LENGTH = 2 * MAX_MESSAGE_BYTES;

/** What the server says of a message with another id could not be told to be about it. */
const CLIENT_ID = /^[\w.:-]{1,64}$/;

const PREFIX = "out/";
const ORDER_DIGITS = 15;

export type OutboxFile = StoredAttachment | LocalAttachment;

/** A message as it was written down. */
export interface Written {
  /** When it was written, in milliseconds since 1970; strictly increasing in one client. */
  readonly order: number;
  readonly message: NewMessage;
  /** Undefined before there was a session: it belongs to whichever comes first. */
  readonly sessionId: string | undefined;
  /** What it is sent with; its `message` names them once all are uploaded. Undefined for nothing. */
  readonly files: readonly OutboxFile[] | undefined;
  /** Why it was refused. */
  readonly failure: RequestErrorCode | undefined;
}

export interface OutboxStore {
  put(written: Written): void;
  drop(written: Written): void;
  /** Everything that stands there, in order; what cannot be read is removed. */
  all(): Written[];
}

export function createOutboxStore(shelf: Shelf): OutboxStore {
  return {
    put(written) {
      const { message, sessionId, files, failure } = written;
      const text = JSON.stringify({ sessionId, message, files, failure });
      if (text.length <= MAX_ITEM_LENGTH) {
        shelf.set(nameOf(written), text);
      }
    },
    drop(written) {
      shelf.set(nameOf(written), undefined);
    },
    all() {
      const found: Written[] = [];
      for (const name of shelf.names(PREFIX).sort()) {
        const written = parse(name, shelf.get(name) ?? "");
        if (written) {
          found.push(written);
        } else {
          shelf.set(name, undefined);
        }
      }
      return found;
    },
  };
}

function nameOf({ order, message }: Pick<Written, "order" | "message">): string {
  return `${PREFIX}${String(order).padStart(ORDER_DIGITS, "0")}-${message.clientId}`;
}

function parse(name: string, text: string): Written | undefined {
  const { sessionId, message, files, failure } = fieldsOf(
    text.length <= MAX_ITEM_LENGTH ? text : undefined,
  );
  const order = Number(name.slice(PREFIX.length, PREFIX.length + ORDER_DIGITS));
  return isNewMessage(message) &&
    isTextOrNone(sessionId) &&
    isTextOrNone(failure) &&
    isListOfFiles(files) &&
    order >= 0 &&
    nameOf({ order, message }) === name
    ? { order, message, sessionId, files, failure }
    : undefined;
}

/** What is in it besides is looked at by whoever uploads. */
function isListOfFiles(value: unknown): value is OutboxFile[] | undefined {
  return value === undefined || (Array.isArray(value) && value.every(isAttachment));
}

function isNewMessage(value: unknown): value is NewMessage {
  const { clientId, content, conversationId } = asFields(value);
  return (
    typeof clientId === "string" &&
    CLIENT_ID.test(clientId) &&
    typeof content === "string" &&
    isTextOrNone(conversationId)
  );
}
