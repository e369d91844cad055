// What a file is called on its way up: as its chooser's system says, in the words that the server takes.
import { MAX_ATTACHMENT_NAME_LENGTH } from "../../src/protocol/limits.ts";
import type { NewFile } from "./session-client.ts";

/** Names that systems have for the types that are taken. */
const TYPE_ALIASES: Readonly<Record<string, string>> = {
  "application/x-zip-compressed": "application/zip",
  "audio/mp3": "audio/mpeg",
  "audio/wave": "audio/wav",
  "audio/x-m4a": "audio/mp4",
  "audio/x-wav": "audio/wav",
  "image/jpg": "image/jpeg",
  "text/markdown": "text/plain",
};

/** For files that have none, such as what is pasted. */
const NAMELESS = "file";

export function nameOf({ name = "" }: Pick<NewFile, "name">): string {
  const [ending = ""] = /\.\w{1,10}$/.exec(name) ?? [];
  const beginning = name.slice(0, name.length - ending.length);
  return (beginning.slice(0, MAX_ATTACHMENT_NAME_LENGTH - ending.length) || NAMELESS) + ending;
}

/** Without what it says of its characters, or of what is in it. */
export function typeOf({ type }: Pick<NewFile, "type">): string {
  const [essence = ""] = type.toLowerCase().split(";");
  const known = essence.trim();
  return TYPE_ALIASES[known] ?? known;
}
