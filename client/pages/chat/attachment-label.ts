// Files that messages point to, in words.
import type { Attachment } from "../../core/index.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** "1.2 MB"; empty where nobody said. */
export function sizeLabel({ size }: Pick<Attachment, "size">): string {
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
export function attachmentName({ name }: Pick<Attachment, "name">): string {
  return name.replace(UNSEEN, "\ufffd");
}

/** Where a click may lead; undefined for what is no address of the open web, or lies here. */
export function attachmentHref(attachment: Attachment): string | undefined {
  if (!("url" in attachment && URL.canParse(attachment.url))) {
    return undefined;
  }
  const { protocol, href } = new URL(attachment.url);
  return protocol === "https:" ? href : undefined;
}
