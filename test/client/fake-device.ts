// A browser's description of itself and of its device, and a canvas to draw on, with the noise that browsers make.
import type { DeviceNavigator, DeviceScope } from "../../client/core/device-scope.ts";

export const NOTHING: DeviceScope = {
  navigator: undefined,
  screen: undefined,
  timeZone: () => undefined,
  after: () => () => {},
  createCanvas: undefined,
  sha256: undefined,
};

export function fakeScope(
  navigator: DeviceNavigator,
  rest: Partial<DeviceScope> = {},
): DeviceScope {
  return { ...NOTHING, navigator, ...rest };
}

/** What a browser does to the pixels before it hands them out. */
export type Noise = (pixels: Uint8ClampedArray, written: PixelRange) => void;

/** From the first pixel that text covers to the last, as indices into the pixels' bytes. */
interface PixelRange {
  readonly from: number;
  readonly to: number;
}

export interface FakeCanvases {
  readonly createCanvas: (width: number, height: number) => HTMLCanvasElement;
  /** How many have been made. */
  readonly made: () => number;
}

interface FakeGraphics {
  readonly noise?: Noise;
  /** Stands for how this machine draws glyphs. */
  readonly glyphs?: string;
  /** As WebGL names it; undefined: no WebGL. */
  readonly card?: string;
}

export function fakeCanvases({ noise, glyphs = "a", card }: FakeGraphics = {}): FakeCanvases {
  let made = 0;
  const createCanvas = (width: number, height: number) => {
    made++;
    const canvas = {
      getContext(kind: string) {
        if (kind === "2d") return drawingContext(width, height, glyphs, noise);
        return card === undefined ? null : webglContext(card);
      },
    };
    return canvas as unknown as HTMLCanvasElement;
  };
  return { createCanvas, made: () => made };
}

/** Text is a pattern that depends on the font, the text and the machine; arcs are left out. */
function drawingContext(width: number, height: number, glyphs: string, noise: Noise | undefined) {
  const pixels = new Uint8ClampedArray(4 * width * height);
  let written: PixelRange = { from: pixels.length, to: 0 };
  return {
    fillStyle: "",
    font: "",
    beginPath: () => {},
    arc: () => {},
    fill: () => {},
    fillText(text: string, left: number, top: number) {
      [...`${this.font}${text}${glyphs}`].forEach((letter, i) => {
        const at = 4 * ((top + (i % 16)) * width + left + 3 * i);
        pixels.set([0, 102, 153, letter.charCodeAt(0)], at);
        written = { from: Math.min(written.from, at), to: Math.max(written.to, at + 4) };
      });
    },
    fillRect(x: number, y: number) {
      const color = this.fillStyle.match(/\d+/g)?.map(Number) ?? [];
      pixels.set([...color, 255], 4 * (y * width + x));
    },
    getImageData() {
      noise?.(pixels, written);
      return { data: pixels };
    },
  };
}

function webglContext(card: string) {
  return {
    getParameter: (name: number) => (name === 0x9246 ? card : "WebKit WebGL"),
    getExtension: () => ({ loseContext: () => {} }),
  };
}

/** As Firefox does in private windows: the lowest bits of some pixels, wherever they are. */
export function noiseByPosition(seed: number): Noise {
  return (pixels) => {
    for (let i = 1; i <= 20; i++) {
      const at = (i * 7919 * (seed + 1)) % pixels.length;
      pixels[at] = (pixels[at] ?? 0) ^ 1;
    }
  };
}

/** As Safari does: the same for the same colour, none where a pixel's neighbour has its colour, and only between text. */
export function noiseByColor(seed: number): Noise {
  return (pixels, { from, to }) => {
    for (let at = from; at < to; at += 4) {
      const [red = 0, , , alpha = 0] = pixels.subarray(at, at + 4);
      const hash = Math.imul(red + 1, 0x9e3779b1 + 2 * seed) >>> 15;
      if (alpha !== 0 && red !== pixels[at + 4]) pixels[at] = red - (hash & 1);
    }
  };
}

/** As an extension does that shifts all colours by the same. */
export function noiseByShift(seed: number): Noise {
  return (pixels) => {
    pixels.forEach((value, at) => {
      if (at % 4 === 0) pixels[at] = value + seed + 1;
    });
  };
}
