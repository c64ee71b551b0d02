import { css } from 'lit';

export const CARD_STYLES = css`
  :host { display: block; height: 100%; }
  ha-card {
    display: flex; flex-direction: column; height: 100%; overflow: hidden; box-sizing: border-box;
    border-radius: var(--ha-card-border-radius, 12px);
    background: var(--ha-card-background, var(--card-background-color, #fff));
    color: var(--primary-text-color, #141414);
  }
  h2 { margin: 0; padding: 12px 16px; font: 500 18px/1.3 var(--ha-font-family-heading, inherit); }

  .cell { position: relative; overflow: hidden; background: #0b0f14; }
  .single { display: grid; flex: 1; min-height: 0; }
  .single .cell { aspect-ratio: var(--ratio); width: 100%; min-height: 100%; }
  /* As many columns as fit, but no more than make whole rows. */
  .grid { display: grid; gap: 4px; grid-template-columns: repeat(auto-fit, minmax(max(min(100%, var(--least)), (100% - 4px * (var(--columns) - 1)) / var(--columns)), 1fr)); }
  .grid .cell, .slide .cell { aspect-ratio: var(--ratio); }
  .titled .grid, .titled .track { border-top: 1px solid var(--divider-color, #e0e0e0); }

  .carousel { position: relative; }
  .track {
    display: flex; overflow-x: auto; scroll-snap-type: x mandatory; overscroll-behavior-x: contain; scrollbar-width: none;
  }
  .track::-webkit-scrollbar { display: none; }
  .track:focus-visible { outline: 2px solid var(--primary-color, #03a9f4); outline-offset: -2px; }
  .slide { flex: 0 0 100%; scroll-snap-align: center; scroll-snap-stop: always; }
  @media (prefers-reduced-motion: no-preference) { .track { scroll-behavior: smooth; } }
  .pager { display: flex; align-items: center; justify-content: center; gap: 4px; height: 44px; }
  .pager button {
    display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 50%;
    background: none; color: var(--secondary-text-color, #727272); cursor: pointer;
  }
  .pager button:hover { color: var(--primary-text-color, #141414); }
  .pager button:disabled { opacity: .35; cursor: default; }
  .pager button:focus-visible { outline: 2px solid var(--primary-color, #03a9f4); outline-offset: -4px; }
  .pager .dot { width: 24px; }
  .dot::before { content: ""; width: 8px; height: 8px; border-radius: 4px; background: currentColor; opacity: .5; transition: width .2s; }
  .dot[aria-current="true"] { color: var(--primary-color, #03a9f4); }
  .dot[aria-current="true"]::before { width: 20px; opacity: 1; }
  svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
  :host(:dir(rtl)) .turn svg { scale: -1 1; }
  @media (prefers-reduced-motion: reduce) { .dot::before { transition: none; } }
`;
