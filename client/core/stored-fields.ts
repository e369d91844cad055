/** Anything may stand in storage: what is not an object has no fields. */
export type Fields = Readonly<Partial<Record<string, unknown>>>;

export function fieldsOf(text: string | undefined): Fields {
  try {
    return asFields(JSON.parse(text ?? "null"));
  } catch {
    return {};
  }
}

export function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
