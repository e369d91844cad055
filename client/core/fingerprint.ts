// A SHA-256 of what stays put on one browser: over its updates, other windows and screens, zoom, the order of its languages, the
// time of day. So no version, no size of a window, no pixel ratio, no offset of the time zone, no colour scheme.
import { type DeviceScope, globalDeviceScope } from "./device-scope.ts";

/** Part of what is hashed: raise it whenever the components change, so that the change is meant. */
const SCHEME = 1;

const WIDTH = 256;
const HEIGHT = 64;
const RAMP_LENGTH = 128;
const RAMP_TOP = HEIGHT - 8;

const WEBGL_RENDERER = 0x1f01;
const WEBGL_UNMASKED_RENDERER = 0x9246;

/**
 * 64 hexadecimal digits. Undefined under Global Privacy Control, outside a page, and on a page that was not opened over TLS. Never
 * rejects.
 */
export async function readFingerprint(
  scope: DeviceScope = globalDeviceScope(),
): Promise<string | undefined> {
  try {
    const { navigator, createCanvas, sha256 } = scope;
    if (!navigator || navigator.globalPrivacyControl || !createCanvas || !sha256) return undefined;
    const components: unknown[] = [
      SCHEME,
      navigator.platform,
      navigator.vendor,
      languages(navigator.languages ?? []),
      scope.timeZone(),
    ];
    const drawing = attempt(() => draw(createCanvas(WIDTH, 2 * HEIGHT)));
    // A browser that makes noise of drawings makes up the others too, if it guards them at all.
    if (drawing) {
      components.push(
        hex(await sha256(drawing)),
        navigator.hardwareConcurrency,
        attempt(() => graphicsCard(createCanvas(1, 1))),
        ownScreen(scope),
      );
    }
    return hex(await sha256(new TextEncoder().encode(JSON.stringify(components))));
  } catch {
    return undefined;
  }
}

/** Without regions: browsers add and reorder those. */
function languages(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.replace(/-.*/, "").toLowerCase()))].sort();
}

/** Only of what is one piece with its screen, whichever way it is held. */
function ownScreen({ navigator, screen }: DeviceScope): number[] | undefined {
  return screen && /Android|iPhone|iPad/.test(navigator?.userAgent ?? "")
    ? [screen.width, screen.height].sort((a, b) => a - b)
    : undefined;
}

/**
 * The pixels of a drawing, or undefined where the browser does not give them as they are. The same is drawn twice, one below
 * the other: noise that goes by position makes a difference between the two. Noise that goes by colour (Safari's) leaves even areas
 * alone and is looked for in a ramp of known colours, in the midst of text, because only there does it begin.
 */
function draw(canvas: HTMLCanvasElement): Uint8Array<ArrayBuffer> | undefined {
  // Drawn by the processor, since graphics drivers change.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return undefined;
  context.textBaseline = "top";
  // Glyphs that are not fitted to the pixels of one screen.
  context.textRendering = "geometricPrecision";
  for (const top of [0, HEIGHT]) {
    context.fillStyle = "#069";
    context.font = "26px sans-serif";
    context.fillText("Zwölf Boxkämpfer", 2, top + 2);
    context.font = "italic 22px serif";
    context.fillText("Quick fjords & 1389", 9, top + 24);
    context.arc(210, top + 30, 20, 0, 5);
    context.fill();
    context.beginPath();
    for (let x = 0; x < RAMP_LENGTH; x++) {
      context.fillStyle = `rgb(${rampColor(x)})`;
      context.fillRect(x, top + RAMP_TOP, 1, 1);
    }
  }
  const { data } = context.getImageData(0, 0, WIDTH, 2 * HEIGHT);
  const [first, second] = [data.slice(0, data.length / 2), data.subarray(data.length / 2)];
  const ramp = first.subarray(4 * RAMP_TOP * WIDTH);
  const asDrawn =
    first.every((value, i) => value === second[i]) &&
    Array.from({ length: RAMP_LENGTH }, (_, x) => [...rampColor(x), 255])
      .flat()
      .every((value, i) => value === ramp[i]);
  return asDrawn ? new Uint8Array(first.buffer) : undefined;
}

function rampColor(x: number): number[] {
  return [x, x + 64, x + 127];
}

/** Without what changes with its driver. */
function graphicsCard(canvas: HTMLCanvasElement): string | undefined {
  const context = canvas.getContext("webgl");
  if (!context) return undefined;
  let renderer = String(context.getParameter(WEBGL_RENDERER));
  // What Chromium and Safari call every card; Firefox names it at once, and warns of the extension.
  if (renderer === "WebKit WebGL" && context.getExtension("WEBGL_debug_renderer_info")) {
    renderer = String(context.getParameter(WEBGL_UNMASKED_RENDERER));
  }
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return renderer.replace(/ (Direct3D|OpenGL|Vulkan).*|\d+(\.\d+)+\S*/g, "");
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
