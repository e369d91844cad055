import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  beyondKeeping,
  deleted,
  type FileRecord,
  isFree,
  mayDelete,
  newFile,
  quotaRefusal,
  retryableAfterMs,
  taken,
  uploaded,
} from "../../src/domain/file.ts";
import {
  MAX_FILE_BYTES,
  MAX_FILE_BYTES_PER_SESSION,
  MAX_FILES_PER_SESSION,
  UNSENT_FILE_MS,
  UPLOAD_RETRY_MS,
  UPLOAD_TIMEOUT_MS,
} from "../../src/protocol/limits.ts";

const NOW = 1_800_000_000_000;

const uploading: FileRecord = newFile(
  {
    id: "file_1",
    side: "visitor",
    clientId: "c1",
    credentialId: "cred",
    name: "a.png",
    type: "image/png",
    size: 10,
  },
  NOW,
);
const stored = uploaded(uploading, NOW);

describe("a file's life", () => {
  test("an upload is given up after its time, and may be begun anew earlier", () => {
    expect(uploading).toMatchObject({ state: "uploading", dueAt: NOW + UPLOAD_TIMEOUT_MS });
    expect(retryableAfterMs(uploading, NOW)).toBe(UPLOAD_RETRY_MS);
    expect(retryableAfterMs(uploading, NOW + UPLOAD_RETRY_MS)).toBe(0);
    expect(retryableAfterMs(uploading, NOW + UPLOAD_TIMEOUT_MS)).toBe(0);
  });

  test("one that no message takes goes; one that a message took stays", () => {
    expect(stored).toMatchObject({ state: "stored", dueAt: NOW + UNSENT_FILE_MS });
    expect(taken(stored, 7)).toMatchObject({ state: "stored", seq: 7, dueAt: null });
  });

  test("one message of its own side takes it, while it is there", () => {
    expect(isFree(stored, "visitor")).toBe(true);
    expect(isFree(stored, "team")).toBe(false);
    expect(isFree(uploading, "visitor")).toBe(false);
    expect(isFree(taken(stored, 7), "visitor")).toBe(false);
    expect(isFree(deleted(stored, NOW), "visitor")).toBe(false);
  });

  test("the index hears of what it knows, each time as something newer", () => {
    expect(deleted(uploading, NOW).version).toBe(1);
    expect(stored.version).toBe(2);
    expect(deleted(stored, NOW).version).toBe(3);
  });
});

test("who may delete it", () => {
  const own = { side: "visitor", credentialId: "cred" } as const;
  const teams = { side: "team", credentialId: null } as const;
  expect(mayDelete(own, "owner", "another")).toBe(true);
  expect(mayDelete(own, "writer", "cred")).toBe(true);
  expect(mayDelete(own, "writer", "another")).toBe(false);
  expect(mayDelete(teams, "owner", "cred")).toBe(false);
  expect(mayDelete(teams, "writer", "cred")).toBe(false);
  expect(mayDelete({ ...teams, side: "visitor" }, "writer", null)).toBe(false);
  for (const role of ["team", "operator"] as const) {
    expect(mayDelete(own, role, null)).toBe(true);
    expect(mayDelete(teams, role, null)).toBe(true);
  }
});

test("a session has room for so many files, and so many bytes", () => {
  const files = MAX_FILES_PER_SESSION;
  const bytes = MAX_FILE_BYTES_PER_SESSION;
  expect(quotaRefusal({ files: files - 1, bytes: bytes - 10 }, 10)).toBeUndefined();
  expect(quotaRefusal({ files, bytes: 0 }, 1)).toBe("too_many_files");
  expect(quotaRefusal({ files: 1, bytes: bytes - 10 }, 11)).toBe("quota_exceeded");
});

test("of deleted files the first to go make room for the others, and no more of them than have to", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: MAX_FILE_BYTES }), { maxLength: 600 });
  fc.assert(
    fc.property(sizes, (all) => {
      const kept = all.map((size, index) => ({ size, index }));
      const gone = beyondKeeping(kept);
      expect(gone).toEqual(kept.slice(0, gone.length));
      const fits = (rest: typeof kept) =>
        rest.length <= MAX_FILES_PER_SESSION &&
        rest.reduce((sum, { size }) => sum + size, 0) <= MAX_FILE_BYTES_PER_SESSION;
      expect(fits(kept.slice(gone.length))).toBe(true);
      if (gone.length > 0) expect(fits(kept.slice(gone.length - 1))).toBe(false);
    }),
  );
});
