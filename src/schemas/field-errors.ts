import type { z } from "zod";
import type { FieldError } from "../protocol/errors.ts";

/** Keeps the answer to a small hostile body small. */
const MAX_ERRORS = 20;

/** What did not validate, as JSON Pointers; the sender's own values are not repeated. */
export function fieldErrors(error: z.ZodError): readonly FieldError[] {
  const errors = error.issues.slice(0, MAX_ERRORS).flatMap((issue): FieldError[] => {
    if (issue.code !== "unrecognized_keys") {
      return [{ path: pointer(issue.path), message: issue.message }];
    }
    return issue.keys
      .slice(0, MAX_ERRORS)
      .map((key) => ({ path: pointer([...issue.path, key]), message: "unknown field" }));
  });
  return errors.slice(0, MAX_ERRORS);
}

/** A path as a JSON Pointer, RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path
    .map((key) => `/${String(key).slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}
