import type { z } from "zod";
import type { Result } from "../protocol/errors.ts";
import { fieldErrors } from "./field-errors.ts";

/** A value as its schema has it, or which of its fields are wrong. */
export type Checked<T> = Result<{ readonly value: T }>;

export function checkValue<T>(
  schema: z.ZodType<T>,
  value: unknown,
  code: "validation_failed" | "invalid_parameter",
): Checked<T> {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, code, errors: fieldErrors(parsed.error) };
}
