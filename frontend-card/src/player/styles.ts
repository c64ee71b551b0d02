/** The look of the player, inside its shadow root. */
export const STYLES = `
:host {
  --porthole-accent: #35c9b5;
  --porthole-alarm: #ff6b61;
  display: block;
  position: relative;
  overflow: hidden;
  container-type: inline-size;
  aspect-ratio: var(--porthole-aspect, 16 / 9);
  background: #0b0f14;
  color: #f4f7f9;
  font: 500 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  -webkit-tap-highlight-color: transparent;
  user-select: none;
  outline: none;
}
:host([hidden]) { display: none; }
:host(:fullscreen) { width: 100%; height: 100%; aspect-ratio: auto; border-radius: 0; }
:host(:focus-visible) { box-shadow: inset 0 0 0 2px var(--porthole-accent); }
[hidden] { display: none !important; }

.stage, .stage > *, .still, .veil, slot[name="over"] { position: absolute; inset: 0; width: 100%; height: 100%; }
.stage > *, .still { object-fit: var(--porthole-fit, contain); }
:host(:fullscreen) :is(.stage > *, .still) { object-fit: contain; }
.stage, .still { transform: var(--look, none); transform-origin: 0 0; }
.stage { touch-action: pan-x pan-y; }
:host([zoomed]) .stage { touch-action: none; cursor: grab; }
:host([zoomed]) .stage:active { cursor: grabbing; }
slot[name="over"] { display: block; z-index: 3; pointer-events: none; }
::slotted([slot="over"]) { pointer-events: auto; }
.stage > * { z-index: 1; }
.stage > .shown { z-index: 2; }
.still, .stage { transition: filter .3s; }
:host([state="waiting"]) .still, :host([state="idle"]) .still, :host([state="stalled"]) .stage { filter: saturate(.4) brightness(.55); }

button, input { font: inherit; color: inherit; }
button {
  display: grid; place-items: center;
  width: 40px; height: 40px; padding: 0;
  border: 0; border-radius: 50%;
  background: none; cursor: pointer;
  transition: background .15s, color .15s, transform .1s;
}
button:hover { background: rgb(255 255 255 / .16); }
button:active { transform: scale(.93); }
button:focus-visible, input:focus-visible { outline: 2px solid var(--porthole-accent); outline-offset: 1px; }
svg {
  width: 22px; height: 22px;
  fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round;
}

.top, .bar {
  position: absolute; inset-inline: 0; z-index: 4;
  display: flex; align-items: center;
  transition: opacity .25s;
  pointer-events: none;
}
.top > *, .bar > * { pointer-events: auto; }
.top {
  top: 0; gap: 10px; padding: 12px 14px 36px;
  padding-top: max(12px, env(safe-area-inset-top));
  background: linear-gradient(rgb(6 10 14 / .6), transparent);
}
.bar {
  bottom: 0; gap: 2px; padding: 40px 8px 6px;
  padding-bottom: max(6px, env(safe-area-inset-bottom));
  background: linear-gradient(transparent, rgb(6 10 14 / .7));
}
:host([quiet]) .top, :host([quiet]) .bar { opacity: 0; }
:host([quiet]) .top > *, :host([quiet]) .bar > * { pointer-events: none; }
:host([quiet]) { cursor: none; }

.name { max-width: calc(100% - 140px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; text-shadow: 0 1px 3px rgb(0 0 0 / .6); }
.space { flex: 1; }
/*
 * Its left edge is laid out where its right edge is to be, and moved by a transform: so it grows without what browsers call
 * a layout shift.
 */
.badge {
  position: absolute; top: 12px; left: calc(100% - 14px); transform: translateX(-100%);
  display: inline-flex; align-items: center; gap: 6px;
  width: auto; height: 26px; padding: 0 10px 0 9px;
  border-radius: 13px;
  background: rgb(10 16 22 / .62);
  font-size: 12px; font-weight: 600; letter-spacing: .02em; white-space: nowrap;
}
:host(:dir(rtl)) .badge { left: auto; right: calc(100% - 14px); transform: translateX(100%); }
.badge:active { scale: 1; }
.badge:hover { background: rgb(10 16 22 / .85); }
.badge::before { content: ""; width: 7px; height: 7px; border-radius: 50%; background: var(--porthole-accent); }
.badge .delay { min-width: 2.6em; font-weight: 500; font-variant-numeric: tabular-nums; text-align: end; opacity: .85; }
.badge .delay:empty { display: none; }
.badge.fallen::before { background: #ffc24b; }
.details {
  position: absolute; z-index: 5; top: 46px; inset-inline-end: 14px; max-width: min(340px, calc(100% - 28px));
  box-sizing: border-box; padding: 12px 14px;
  border-radius: 12px;
  background: rgb(14 20 27 / .94); box-shadow: 0 8px 30px rgb(0 0 0 / .35);
  font-weight: 400; font-size: 13px;
  user-select: text;
}
.details dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; margin: 0; }
.details dt { color: #9fb0bd; }
.details dd { margin: 0; overflow-wrap: anywhere; }

.volume { display: flex; align-items: center; }
.volume input {
  width: 0; margin: 0; opacity: 0;
  accent-color: var(--porthole-accent);
  transition: width .2s, opacity .2s, margin .2s;
}
.volume:hover input, .volume input:focus-visible { width: 76px; margin: 0 8px 0 2px; opacity: 1; }
@media (hover: none) { .volume input { display: none; } }

.talk { position: relative; }
.talk::after {
  content: ""; position: absolute; inset: 0; border-radius: 50%;
  border: 2px solid var(--porthole-alarm); opacity: 0;
  transform: scale(calc(1 + var(--level, 0) * .5));
  transition: transform 60ms linear;
  pointer-events: none;
}
.talk.on { background: var(--porthole-alarm); color: #1c0503; }
.talk.on::after { opacity: .9; }
.talk.opening { color: var(--porthole-alarm); animation: pulse 1s ease-in-out infinite alternate; }

.veil {
  z-index: 5; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 14px;
  box-sizing: border-box; padding: 44px 20px;
  text-align: center; text-wrap: balance; pointer-events: none;
}
.veil > * { pointer-events: auto; flex: none; }
/* Sound may come a moment before the picture. */
.veil.patient .message { opacity: 0; animation: appear .2s 1.5s forwards; }
.spinner {
  width: 38px; height: 38px; box-sizing: border-box;
  border: 3px solid rgb(255 255 255 / .22); border-top-color: #fff; border-radius: 50%;
  animation: spin .9s linear infinite;
}
:host([state="connecting"]) .spinner { opacity: 0; animation: spin .9s linear infinite, appear .2s .35s forwards; }
.message {
  box-sizing: border-box; max-width: min(34em, 100%); margin: 0; padding: 8px 16px;
  border-radius: 12px; background: rgb(10 16 22 / .62); overflow-wrap: anywhere;
}
.message small { display: block; margin-top: 2px; font-weight: 400; font-size: 13px; opacity: .8; }
.big {
  width: 68px; height: 68px;
  background: rgb(10 16 22 / .55); backdrop-filter: blur(6px);
}
.big:hover { background: rgb(10 16 22 / .8); }
.big svg { width: 32px; height: 32px; fill: currentColor; }
.pill {
  display: flex; align-items: center; gap: 8px;
  width: auto; height: 36px; padding: 0 16px 0 12px; border-radius: 18px;
  background: rgb(255 255 255 / .94); color: #10161c; font-weight: 600;
}
.pill:hover { background: #fff; }
.pill svg { width: 18px; height: 18px; }
.toast {
  position: absolute; z-index: 5; left: 50%; bottom: var(--porthole-notice-bottom, 64px); transform: translateX(-50%);
  box-sizing: border-box; width: max-content; max-width: calc(100% - 28px); padding: 9px 16px;
  border-radius: 12px; background: rgb(14 20 27 / .94); box-shadow: 0 8px 30px rgb(0 0 0 / .35);
  text-align: center; text-wrap: balance; font-size: 13px;
}
.unmute { position: absolute; z-index: 5; inset-inline-start: 14px; bottom: 58px; }
.on-air:not([hidden]) + .toast { bottom: calc(var(--porthole-notice-bottom, 62px) + 46px); }
.on-air {
  position: absolute; z-index: 4; left: 50%; bottom: var(--porthole-notice-bottom, 62px); transform: translateX(-50%);
  display: flex; align-items: center; gap: 10px; padding: 7px 14px 7px 12px; border-radius: 16px;
  background: rgb(14 20 27 / .82); font-size: 13px; white-space: nowrap; pointer-events: none;
}
.meter { display: flex; align-items: center; gap: 3px; height: 16px; }
.meter i { width: 3px; height: 30%; border-radius: 2px; background: rgb(255 255 255 / .3); transition: background 80ms; }
.meter i:nth-child(2) { height: 50%; } .meter i:nth-child(3) { height: 70%; } .meter i:nth-child(4) { height: 85%; } .meter i:nth-child(5) { height: 100%; }
.meter i.lit { background: var(--porthole-alarm); }

:host([controls="none"]) :is(.top, .bar, .unmute), :host([controls="minimal"]) .optional { display: none; }
:host([slideshow]) :is(.bar, .badge, .details) { display: none; }
:host([slideshow]) .still { filter: none; }

@media (pointer: coarse) { button:not(.badge, .pill, .big) { width: 44px; height: 44px; } }
@container (max-width: 340px) {
  .optional { display: none; }
  .veil { gap: 6px; padding: 36px 12px 12px; }
  .message { padding: 4px 10px; font-size: 13px; line-height: 1.3; }
  .message small { font-size: 12px; }
  .veil .pill { height: 30px; padding: 0 12px 0 8px; font-size: 13px; }
  .big { width: 52px; height: 52px; }
}
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { transition: none !important; } .talk.opening { animation: none; } }
@keyframes spin { to { rotate: 1turn; } }
@keyframes appear { to { opacity: 1; } }
@keyframes pulse { to { background: rgb(255 107 97 / .3); } }
`;
