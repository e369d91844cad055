// JSON from strangers: what JSON.parse lets through silently is refused here.
import { MAX_JSON_DEPTH } from "../protocol/limits.ts";

export class BadJsonError extends Error {
  override readonly name = "BadJsonError";
}

/**
 * The value of a JSON text.
 * @throws BadJsonError for malformed text, numbers that are too large, duplicate keys, a `__proto__` key, and nesting beyond MAX_JSON_DEPTH
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadJsonError("not valid JSON", { cause });
  }
  // Every pair of the text has one colon outside strings; a duplicate key leaves fewer properties than colons.
  if (countProperties(value, 0) !== countColons(text)) throw new BadJsonError("duplicate key");
  return value;
}

function countProperties(value: unknown, depth: number): number {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new BadJsonError("a number is out of range");
  }
  if (typeof value !== "object" || value === null) return 0;
  if (depth === MAX_JSON_DEPTH) throw new BadJsonError(`nested deeper than ${MAX_JSON_DEPTH}`);
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countProperties(item, depth + 1);
    return count;
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__") throw new BadJsonError("the key __proto__ is not allowed");
    count += 1 + countProperties(item, depth + 1);
  }
  return count;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

function countColons(json: string): number {
  let count = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === COLON) count++;
  }
  return count;
}
