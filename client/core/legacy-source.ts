// What a page tells of the conversations that an older program kept in this browser.

import type { KeyValueStorage } from "./environment.ts";
import type { Shelf } from "./shelf.ts";

/** Where they are, and how they are read. */
export interface LegacySource {
  /** Names the older program; what was taken over from it is remembered under this. */
  readonly id: string;
  /**
   * All that is there now, in order; called again when it may have changed. May throw or reject: it is tried again later.
   * What no session could take is left out and stays in the backup, such as messages that say nothing.
   */
  read(): LegacyData | Promise<LegacyData>;
  /**
   * The storage items that hold it. Once the server has everything, each is copied to `<key>.durable-sessions-backup`, as
   * far as there is room; what is written to it again afterwards is taken over, too, in the session's first hour. Where
   * they are empty there is nothing to read; without any (the program keeps its own in a database) it is read once, in the
   * first session that is opened for another reason.
   */
  readonly keys: readonly string[];
  /**
   * Whether no old program reads or writes the items any more: they are then removed, and their backup stays. What one
   * that was left open writes after all is taken over and backed up apart. Default false.
   */
  readonly transitionOver?: boolean;
}

/** A session has room for 100: of more, the youngest share the last one. */
export interface LegacyData {
  readonly conversations: readonly LegacyConversation[];
}

export interface LegacyConversation {
  /** The older program's own, unique among its conversations. */
  readonly id: string;
  readonly messages: readonly LegacyMessage[];
}

export interface LegacyMessage {
  /** The older program's own, unique in its conversation; what was taken over once stays as it was then. */
  readonly id: string;
  /** One of another role is left where it is. */
  readonly role: "user" | "assistant";
  /** What is too long for one message becomes several. */
  readonly content: string;
  /** ISO 8601, or milliseconds since 1970. */
  readonly createdAt: string | number;
  /** Files that stay where they are. What is not an `https:` address is told in the text if it is `http:`, and else left out. */
  readonly attachments?: readonly LegacyAttachment[];
}

export interface LegacyAttachment {
  readonly url: string;
  readonly name: string;
  readonly type?: string;
  /** Bytes. */
  readonly size?: number;
}

/** Whether an item is there that never was taken over. Without `keys` none is known of: it is read once there is a session. */
export function isPending(
  { id, keys }: LegacySource,
  storage: KeyValueStorage | undefined,
  shelf: Shelf,
): boolean {
  try {
    return (
      shelf.get(`legacy/${id}`) === undefined &&
      keys.some((key) => (storage?.getItem(key) ?? null) !== null)
    );
  } catch {
    return false;
  }
}
