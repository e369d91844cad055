// Files of messages, in words.
import type { ChatAttachment, ChatMessage, RequestErrorCode } from "../../core/index.ts";
import { MAX_FILE_BYTES } from "../../core/index.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** "1.2 MB"; empty where nobody said. */
export function sizeLabel({ size }: Pick<ChatAttachment, "size">): string {
  if (size === undefined) {
    return "";
  }
  const steps = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), UNITS.length - 1);
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit: UNITS[steps] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: steps === 0 ? 0 : 1,
  }).format(size / 1_000 ** steps);
}

/** Marks that turn the direction of what follows: among them "annexe.pdf" may be "annfdp.exe". And what is no character at all. */
const UNSEEN = /[\u202a-\u202e\u2066-\u2069\p{Cc}\p{Zl}\p{Zp}]/gu;

/** As whoever wrote it named the file, with every character where it stands. */
export function attachmentName({ name }: Pick<ChatAttachment, "name">): string {
  return name.replace(UNSEEN, "\ufffd");
}

/** Where a click may lead; undefined for what is no address of the open web, or lies here. */
export function attachmentHref(attachment: ChatAttachment): string | undefined {
  if (!("url" in attachment && URL.canParse(attachment.url))) {
    return undefined;
  }
  const { protocol, href } = new URL(attachment.url);
  return protocol === "https:" ? href : undefined;
}

/** By what the client knows it; undefined for what lies on somebody else's server. */
export function attachmentId(attachment: ChatAttachment): string | undefined {
  if ("uploadId" in attachment) {
    return attachment.uploadId;
  }
  return "fileId" in attachment ? attachment.fileId : undefined;
}

/** Whether it is shown, and not only named. */
export function isImage(attachment: ChatAttachment): boolean {
  return attachmentId(attachment) !== undefined && /^image\//.test(attachment.type ?? "");
}

/** Why a file was not taken; undefined where it is not the file's fault. */
export function fileFailureLabel(code: RequestErrorCode | undefined): string | undefined {
  switch (code) {
    case "file_type_not_allowed":
      return "Files of this type are not taken";
    case "file_too_large":
      return `Files may have ${sizeLabel({ size: MAX_FILE_BYTES })} at most`;
    case "quota_exceeded":
    case "too_many_files":
      return "This chat has no room for more files";
    case "file_missing":
      return "The file has to be chosen again";
    default:
      return undefined;
  }
}

/** Whether a message waits for its files. */
export function isUploading({ attachments, delivery }: ChatMessage): boolean {
  return (
    delivery === "queued" && attachments.some((one) => "uploadId" in one && one.upload !== "stored")
  );
}
