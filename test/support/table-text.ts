import { latin1 } from "./secret-search.ts";

/** Whether a table is the product's, not the platform's. */
export function isOurs(table: string): boolean {
  return !table.startsWith("_cf_") && !table.startsWith("sqlite_");
}

export function tableText(name: string, rows: readonly (readonly unknown[])[]): string {
  return [name, ...rows.map((row) => row.map(cellText).join("\t"))].join("\n");
}

function cellText(cell: unknown): string {
  if (cell instanceof ArrayBuffer) return latin1(new Uint8Array(cell));
  // D1 gives a blob as an array of its bytes.
  return Array.isArray(cell) ? latin1(new Uint8Array(cell as number[])) : String(cell);
}
