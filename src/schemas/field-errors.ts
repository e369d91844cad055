import type { z } from "zod";
import type { FieldError } from "../protocol/errors.ts";

const MAX_ERRORS = 20;

/** What did not validate, as JSON Pointers; the sender's own values are not repeated. */
export function fieldErrors(error: z.ZodError): readonly FieldError[] {
  return error.issues.slice(0, MAX_ERRORS).flatMap((issue): FieldError[] => {
    const path = pointer(issue.path);
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: `${path}${pointer([key])}`, message: "unknown field" }))
      : [{ path, message: issue.message }];
  });
}

/** A path as a JSON Pointer, RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path
    .map((key) => `/${String(key).slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}
