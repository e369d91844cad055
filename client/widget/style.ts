// Sizes are in pixels: the host's page says what a rem is. Whatever it rules for all elements, it does not win over these.

/** Above all that a page is likely to have. */
const Z_INDEX = 2_147_483_000;

export const STYLE = `
:host{all:initial!important}
.panel,.launcher,.status{position:fixed;z-index:${Z_INDEX}}
.launcher{display:flex;align-items:center;justify-content:center;gap:8px;right:20px;bottom:calc(20px + env(safe-area-inset-bottom));box-sizing:border-box;min-width:56px;height:56px;padding:0 16px;border:0;border-radius:28px;background:#3b5bdb;color:#fff;font:600 15px system-ui,sans-serif;box-shadow:0 6px 24px rgb(20 24 32/28%);cursor:pointer}
.launcher:hover{background:#2f4ac0}
.launcher:focus-visible{outline:3px solid #fff;outline-offset:-6px}
svg{width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.hide,:host([data-open]) :is(.chat,.label,.badge),.badge:empty{display:none}
:host([data-open]) .hide{display:block}
.badge{position:absolute;top:-4px;right:-4px;box-sizing:border-box;min-width:22px;padding:0 6px;border:2px solid #fff;border-radius:11px;background:#c92a2a;font-size:12px;line-height:18px;text-align:center}
.status{width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)}
.panel{right:20px;bottom:calc(88px + env(safe-area-inset-bottom));width:400px;height:min(680px,100vh - 108px);overflow:hidden;border-radius:18px;background:#fff;box-shadow:0 0 0 1px rgb(128 136 150/30%),0 12px 48px rgb(20 24 32/24%);visibility:hidden;opacity:0;transform:translateY(12px)}
:host([data-open]) .panel{visibility:visible;opacity:1;transform:none}
:host([data-left]) :is(.panel,.launcher){right:auto;left:20px}
iframe{display:block;width:100%;height:100%;border:0}
@media(prefers-color-scheme:dark){.panel{background:#15181e}}
@media(prefers-reduced-motion:no-preference){.panel{transition:opacity .16s,transform .16s,visibility .16s}}
@media(max-width:560px),(max-height:460px){:host .panel.panel{inset:0;width:auto;height:auto;border-radius:0}:host([data-open]) .launcher{display:none}}
`;
