// What is held of a session's files beside their bytes, for whoever takes all of it out or counts it.
import { isoTime } from "../src/domain/view.ts";
import type { FileLine } from "../src/protocol/transcript.ts";

/** All that came through or is under way, oldest first. */
export function fileRecords(sql: SqlStorage): FileLine["file"][] {
  return sql
    .exec<FileRow>(
      "SELECT id, name, type, size, state, created_at FROM files ORDER BY created_at, id",
    )
    .toArray()
    .map((row) => ({
      id: row.id,
      name: row.name,
      mediaType: row.type,
      size: row.size,
      state: row.state as FileLine["file"]["state"],
      createdAt: isoTime(row.created_at),
    }));
}

type FileRow = {
  id: string;
  name: string;
  type: string;
  size: number;
  state: string;
  created_at: number;
};
