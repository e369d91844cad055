// Files that the tests choose, and what the page makes of them.
import { deflateSync } from "node:zlib";
import type { Locator, Page } from "playwright-core";

export interface Chosen {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** An image of one colour; as many bytes as `padding` more after its end, which viewers pass over. */
export function png(name: string, { width = 400, height = 300, padding = 0 } = {}): Chosen {
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(width * 3, Buffer.of(70, 130, 180))]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const buffer = Buffer.concat([
    Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(Array(height).fill(row)))),
    chunk("IEND", Buffer.alloc(0)),
    Buffer.alloc(padding),
  ]);
  return { name, mimeType: "image/png", buffer };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** As PNG's annex D has it. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export const text = (name: string, content: string): Chosen => ({
  name,
  mimeType: "text/plain",
  buffer: Buffer.from(content),
});

export async function choose(page: Page, ...files: readonly Chosen[]): Promise<void> {
  await page.getByTestId("file-field").setInputFiles([...files]);
}

/** The images of the log that are really to be seen. */
export async function shownImages(page: Page): Promise<string[]> {
  return await page
    .getByRole("log")
    .evaluate((log) =>
      [...log.querySelectorAll<HTMLImageElement>(".image-open img")]
        .filter(({ complete, naturalWidth }) => complete && naturalWidth > 0)
        .map(({ alt }) => alt),
    );
}

/** What will go with the next message. */
export function chosenFiles(page: Page): Locator {
  return page.getByRole("list", { name: "Files to send" }).getByRole("listitem");
}
