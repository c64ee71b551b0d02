import { css } from 'lit';

export const CAMERA_STYLES = css`
  :host { display: block; overflow: hidden; background: #0b0f14; container-type: size; }
  :host, .poster { position: absolute; inset: 0; width: 100%; height: 100%; }
  .poster { object-fit: var(--porthole-fit, contain); }
  porthole-player {
    --porthole-accent: var(--primary-color, #35c9b5);
    position: absolute; inset: 0; width: 100%; height: 100%; aspect-ratio: auto;
    background: transparent;
    font-family: var(--ha-font-family-body, var(--paper-font-body1_-_font-family, system-ui, sans-serif));
  }
  porthole-player:fullscreen { background: #000; }
  :host([ringing]) porthole-player { --porthole-notice-bottom: 196px; }

  .tool {
    display: grid; place-items: center; width: 40px; height: 40px; padding: 0; border: 0; border-radius: 50%;
    background: none; color: inherit; font: inherit; cursor: pointer; --mdc-icon-size: 22px;
  }
  .tool:hover { background: rgb(255 255 255 / .16); }
  .tool[aria-pressed="true"] { background: var(--primary-color, #35c9b5); color: var(--text-primary-color, #fff); }
  button:focus-visible { outline: 2px solid var(--primary-color, #35c9b5); outline-offset: 1px; box-shadow: 0 0 0 2px #fff; }
  svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
  @media (pointer: coarse) { .tool { width: 44px; height: 44px; } }

  porthole-ptz { position: absolute; inset-inline-end: 12px; bottom: 62px; }
  @container (max-height: 330px) { porthole-ptz { flex-direction: row-reverse; align-items: end; bottom: 52px; --pad: 114px; } }

  .words {
    position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 14px;
    padding: 20px; box-sizing: border-box; color: #f4f7f9; text-align: center; text-wrap: balance; font-size: 14px; line-height: 1.45;
    background: rgb(11 15 20 / .66);
  }
  .words p { margin: 0; max-width: 34em; }
  .words button {
    height: 40px; padding: 0 18px; border: 0; border-radius: 20px; background: rgb(255 255 255 / .94); color: #10161c;
    font: inherit; font-weight: 600; cursor: pointer;
  }

  :host(:popover-open) {
    position: fixed; inset: 0; margin: auto; padding: 0; border: 0;
    width: min(100vw, 960px, 100vh * 16 / 9); height: min(100vh, 620px); max-width: none; max-height: none;
    border-radius: 18px; box-shadow: 0 24px 80px rgb(0 0 0 / .5); color: #f4f7f9;
  }
  :host(:popover-open)::backdrop { background: rgb(4 7 10 / .72); backdrop-filter: blur(4px); }
  @media (max-width: 640px) { :host(:popover-open) { width: 100vw; height: 100dvh; border-radius: 0; } }
  @media (prefers-reduced-motion: no-preference) {
    :host(:popover-open) { animation: rise .22s ease-out; }
    .ring.calls .bell { animation: swing 1s ease-in-out infinite; }
  }
  @keyframes rise { from { opacity: 0; transform: scale(.96); } }
  @keyframes swing { 0%, 60%, 100% { rotate: 0deg; } 10%, 30%, 50% { rotate: 14deg; } 20%, 40% { rotate: -14deg; } }

  .ring {
    position: absolute; inset: auto 0 0; display: flex; flex-direction: column; gap: 18px; padding: 64px 20px 22px;
    padding-bottom: max(22px, env(safe-area-inset-bottom));
    background: linear-gradient(transparent, rgb(4 7 10 / .86) 45%); color: #fff;
  }
  .caller { display: flex; align-items: center; justify-content: center; gap: 10px; font-size: 17px; font-weight: 600; }
  .caller svg { display: block; width: 28px; height: 28px; }
  .caller small { display: block; font-size: 14px; font-weight: 400; opacity: .8; }
  .choices { display: flex; justify-content: center; gap: clamp(18px, 6vw, 44px); }
  .choice {
    display: grid; justify-items: center; gap: 8px; min-width: 72px; padding: 0; border: 0; background: none; color: #fff;
    font: inherit; font-size: 13px; font-weight: 500; cursor: pointer; --mdc-icon-size: 28px;
  }
  .choice span { display: grid; place-items: center; width: 64px; height: 64px; border-radius: 50%; background: rgb(255 255 255 / .2); transition: filter .15s; }
  .choice:hover span { filter: brightness(1.15); }
  .choice svg { width: 28px; height: 28px; }
  .choice.answer span { background: #1f9d55; }
  .choice.end span { background: #d8342b; }
  .choice:focus-visible { outline: none; box-shadow: none; }
  .choice:focus-visible span { outline: 3px solid #fff; outline-offset: 3px; }
`;
