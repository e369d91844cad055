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
export type Noise = (pixels: Uint8ClampedArray, width: number) => void;

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
      });
    },
    fillRect(x: number, y: number) {
      const color = this.fillStyle.match(/\d+/g)?.map(Number) ?? [];
      pixels.set([...color, 255], 4 * (y * width + x));
    },
    getImageData() {
      noise?.(pixels, width);
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

/** As Safari does: the same for the same colour, none where a pixel's neighbours have its colour. */
export function noiseByColor(seed: number): Noise {
  return (pixels) => {
    for (let at = 4; at + 8 < pixels.length; at += 4) {
      const [red = 0, , , alpha = 0] = pixels.subarray(at, at + 4);
      if (alpha !== 0 && red !== pixels[at + 4]) pixels[at] = red - ((red * (seed + 3)) & 1);
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
