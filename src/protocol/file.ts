// Files of a session: pictures and documents that messages carry.

/** A file of the session, as messages name it. */
export interface StoredAttachment {
  readonly fileId: string;
  readonly name: string;
  /** A media type of `FILE_TYPES`. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
}

/** What a message is sent with: files of this session that are uploaded, and in no other message. */
export interface NewAttachment {
  readonly fileId: string;
}

/** How a file is uploaded: its bytes are the body, its media type and length that body's headers, the rest the query. */
export interface UploadQuery {
  readonly name: string;
  /** Chosen by the uploader, unique per side: uploaded again, it is the same file. */
  readonly clientId: string;
}

export interface UploadedFile {
  readonly file: StoredAttachment;
}

/** Media types that may be uploaded; of each, the first bytes have to be what it says. */
export const FILE_TYPES = [
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "application/pdf",
  "text/plain",
  "text/csv",
  "audio/mpeg",
  "audio/mp4",
  "audio/ogg",
  "audio/webm",
  "audio/wav",
  "video/mp4",
  "video/webm",
  "application/zip",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation",
] as const;
export type FileType = (typeof FILE_TYPES)[number];
