// The text of an answer while it grows: well-formed at any time, and never more than a message may hold.
import { byteLength } from "../protocol/bytes.ts";
import { MAX_CONTENT_BYTES, MAX_MESSAGE_BYTES, MAX_METADATA_BYTES } from "../protocol/limits.ts";

/** Ids and times of a message as JSON weigh less, and with them the longest author, each character of it an escape. */
const ENVELOPE_BYTES = 8192;

/** Bytes of the text as JSON, escapes included: with all else that it may have, the message then fits. */
const MAX_JSON_BYTES = MAX_MESSAGE_BYTES - MAX_METADATA_BYTES - ENVELOPE_BYTES;

export class StreamedText {
  #text = "";
  /** The first half of a surrogate pair whose second has yet to come; no part of the text until then. */
  #half = "";
  #bytes = 0;
  #jsonBytes = 0;

  constructor(text: string) {
    this.#add(text);
  }

  /** What may be shown and stored. */
  get text(): string {
    return this.#text;
  }

  /** How much has come, in UTF-16 code units. */
  get length(): number {
    return this.#text.length + this.#half.length;
  }

  /** Adds a piece, as far as it fits in whole code points. False if some of it did not. */
  append(piece: string): boolean {
    const come = this.#half + piece;
    const isCut = /[\uD800-\uDBFF]$/.test(come.slice(-1));
    this.#half = isCut ? come.slice(-1) : "";
    return this.#add(isCut ? come.slice(0, -1) : come);
  }

  /** All of it, when nothing more will come. */
  complete(): string {
    const half = this.#half;
    this.#half = "";
    this.#add(half);
    return this.#text;
  }

  #add(piece: string): boolean {
    const wellFormed = piece.toWellFormed();
    if (this.#fits(wellFormed)) return true;
    for (const codePoint of wellFormed) if (!this.#fits(codePoint)) break;
    this.#half = "";
    return false;
  }

  /** Adds it if there is room. */
  #fits(piece: string): boolean {
    // A code unit is a byte at least: what is far too long is not even measured.
    if (piece.length > MAX_CONTENT_BYTES) return false;
    const bytes = this.#bytes + byteLength(piece);
    const jsonBytes = this.#jsonBytes + byteLength(JSON.stringify(piece)) - 2;
    if (bytes > MAX_CONTENT_BYTES || jsonBytes > MAX_JSON_BYTES) return false;
    this.#text += piece;
    this.#bytes = bytes;
    this.#jsonBytes = jsonBytes;
    return true;
  }
}
