// Files that somebody has chosen for the message that is being written: each is uploaded at once, and goes on as the message's.
import type { Accessor } from "solid-js";
import { createSignal, onCleanup } from "solid-js";
import type { RequestErrorCode } from "../../core/index.ts";
import { MAX_ATTACHMENTS_PER_MESSAGE, RequestError } from "../../core/index.ts";
import type { Chat } from "../chat/chat.ts";

export interface Chosen {
  readonly file: File;
  /** 0 to 1 */
  readonly progress: number;
  readonly isStored: boolean;
  /** Why it cannot be sent. */
  readonly failure: RequestErrorCode | undefined;
}

export interface Attaching {
  readonly chosen: Accessor<readonly Chosen[]>;
  /** Whether more were chosen than one message may have. */
  readonly isFull: Accessor<boolean>;
  add(files: Iterable<File>): void;
  remove(file: File): void;
  /** Gives them to a message. */
  take(): readonly File[];
}

export function createAttaching(chat: Pick<Chat, "uploadFile">): Attaching {
  const [chosen, setChosen] = createSignal<readonly Chosen[]>([]);
  const [isFull, setFull] = createSignal(false);
  const controllers = new Map<File, AbortController>();

  function change(file: File, fields: Partial<Chosen>): void {
    setChosen((list) => list.map((one) => (one.file === file ? { ...one, ...fields } : one)));
  }

  async function upload(file: File): Promise<void> {
    const controller = new AbortController();
    controllers.set(file, controller);
    try {
      await chat.uploadFile(file, {
        onProgress: (progress) => change(file, { progress }),
        signal: controller.signal,
      });
      change(file, { isStored: true, progress: 1 });
    } catch (error) {
      const code = error instanceof RequestError ? error.code : "network_error";
      change(file, { failure: code });
    }
  }

  /** What is under way is given up, unless a message has it by now. */
  function letGo(file: File): void {
    controllers.get(file)?.abort();
    controllers.delete(file);
  }

  onCleanup(() => {
    for (const controller of controllers.values()) {
      controller.abort();
    }
  });

  return {
    chosen,
    isFull,

    add(files) {
      const given = [...files];
      const room = MAX_ATTACHMENTS_PER_MESSAGE - chosen().length;
      const added = given.slice(0, room);
      setFull(given.length > room);
      setChosen((list) => [
        ...list,
        ...added.map((file) => ({ file, progress: 0, isStored: false, failure: undefined })),
      ]);
      for (const file of added) {
        void upload(file);
      }
    },

    remove(file) {
      setFull(false);
      setChosen((list) => list.filter((one) => one.file !== file));
      letGo(file);
    },

    take() {
      const files = chosen().map(({ file }) => file);
      setFull(false);
      setChosen([]);
      controllers.clear();
      return files;
    },
  };
}
