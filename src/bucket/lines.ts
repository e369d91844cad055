// Lines of text as they are stored: UTF-8, each with its line feed.

const utf8 = new TextEncoder();

/** What a file of lines is, whoever has it. */
export interface LinesDigest {
  readonly lines: number;
  /** Hex of SHA-256 over the lines before they were compressed, each with its line feed. */
  readonly sha256: string;
}

export function encodeLines(lines: readonly string[]): Uint8Array {
  return utf8.encode(lines.map((line) => `${line}\n`).join(""));
}

/** SHA-256 of what is added to it. */
export class LineDigest {
  readonly #stream = new crypto.DigestStream("SHA-256");
  readonly #writer = this.#stream.getWriter();

  async add(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
  }

  async addLines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.add(encodeLines(lines));
  }

  /** Nobody wants to know any more. */
  async drop(error: unknown): Promise<void> {
    this.#stream.digest.catch(() => undefined);
    await this.#writer.abort(error).catch(() => undefined);
  }

  async hex(): Promise<string> {
    await this.#writer.close();
    return new Uint8Array(await this.#stream.digest).toHex();
  }
}
