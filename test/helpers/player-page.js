/* Runs in the page, before its own scripts: lets tests look at the player from outside. */
(() => {
  let seen = false;
  let blank = 0;

  const find = () => {
    const player = document.querySelector('porthole-player');
    const root = player?.shadowRoot;
    return {
      player,
      root,
      shown: root?.querySelector('.stage .shown'),
      still: root?.querySelector('canvas.still:not([hidden])'),
    };
  };

  /* Animation frames in which a player that has shown a picture shows none. */
  const countBlank = () => {
    const { shown, still } = find();
    // A canvas has no readyState; a video that seeks goes on showing its last frame.
    if (still || (shown && (shown.seeking || (shown.readyState ?? 4) >= 2))) seen = true;
    else if (seen) blank++;
    requestAnimationFrame(countBlank);
  };
  countBlank();

  globalThis.lookAtPlayer = () => {
    const { player, root, shown, still } = find();
    const text = (selector) => {
      const element = root.querySelector(selector);
      return element.closest('[hidden]') ? '' : element.textContent;
    };
    const video = shown?.tagName === 'VIDEO' ? shown : undefined;
    const ranges = video?.buffered;
    const end = ranges?.length ? ranges.end(ranges.length - 1) : 0;
    return {
      state: player.state,
      badge: text('.badge .mode'),
      delay: text('.badge .delay'),
      title: root.querySelector('.badge').title,
      words: text('.message span'),
      countdown: text('.message small'),
      notice: text('.toast'),
      width: video?.videoWidth ?? shown?.width ?? 0,
      frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      slack: video ? end - video.currentTime : 0,
      rate: video?.playbackRate ?? 0,
      blank,
      still: Boolean(still),
    };
  };
})();
