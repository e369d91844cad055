// The blocks of a text that grows at its end, as a streamed answer does: only its last block is read again.
import type { Parsed } from "./parse-markdown.ts";
import type { Block } from "./tree.ts";

export class GrowingText {
  readonly #parse: (text: string) => Parsed;
  #text = "";
  /** Blocks that no further text can change, and where what follows them begins. */
  #settled: readonly Block[] = [];
  #settledTo = 0;

  constructor(parse: (text: string) => Parsed) {
    this.#parse = parse;
  }

  /** The same objects for blocks that are as they were. */
  blocks(text: string): readonly Block[] {
    if (!text.startsWith(this.#text)) {
      this.#settled = [];
      this.#settledTo = 0;
    }
    this.#text = text;
    const { blocks, settled, settledTo } = this.#parse(text.slice(this.#settledTo));
    const all = [...this.#settled, ...blocks];
    this.#settled = all.slice(0, this.#settled.length + settled);
    this.#settledTo += settledTo;
    return all;
  }
}
