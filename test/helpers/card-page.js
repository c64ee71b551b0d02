/*
 * A dashboard with a fake `hass`: its cameras are streams of the server that serves this page, and its answers those of
 * docs/card-api.md. Lets tests look at the card from outside.
 */
(() => {
  const CAMERAS = {
    'camera.door': {
      name: 'Front door',
      camera: {
        id: 'door',
        sub: 'door_sub',
        talk: true,
        ptz: { move: true, zoom: true, presets: ['Gate', 'Path'] },
      },
    },
    'camera.garden': { name: 'Garden', camera: { id: 'garden' } },
    'camera.yard': { name: 'Yard', camera: { id: 'door_sub' } },
    'camera.gone': { name: 'Shed', camera: { id: 'gone' } },
    'camera.off': { name: 'Attic', camera: { id: 'door', enabled: false } },
  };
  const subscribers = new Map();
  const calls = [];
  const paths = (id) => ({
    ws: `/api/ws?src=${id}`,
    frame: `/api/frame.jpeg?src=${id}`,
  });
  const answers = {
    'porthole/camera': ({ entity_id }) => {
      const { camera } = CAMERAS[entity_id];
      return {
        available: true,
        tier: 'auto',
        control: true,
        camera: { enabled: true, ...camera },
        paths: { base: '/api/', main: paths(camera.id), ...(camera.sub ? { sub: paths(camera.sub) } : {}) },
        ice_servers: [],
        entities: { enabled: 'switch.attic' },
        expires: Date.now() + 600_000,
      };
    },
    'porthole/cameras': () => Object.keys(CAMERAS).map((entity_id) => ({ entity_id })),
    'porthole/ptz': () => ({}),
  };

  const hass = {
    language: new URLSearchParams(location.search).get('language') ?? 'en',
    states: Object.fromEntries(
      Object.entries(CAMERAS).map(([entity_id, { name }]) => [
        entity_id,
        { entity_id, state: 'idle', attributes: { friendly_name: name } },
      ]),
    ),
    entities: Object.fromEntries(Object.keys(CAMERAS).map((id) => [id, { platform: 'porthole' }])),
    hassUrl: (path) => location.origin + path,
    connection: {
      async sendMessagePromise(message) {
        calls.push(message);
        return answers[message.type](message);
      },
      async subscribeMessage(callback, { entity_id }) {
        subscribers.set(entity_id, callback);
        return () => subscribers.get(entity_id) === callback && subscribers.delete(entity_id);
      },
    },
    async callService(domain, service, data, target) {
      calls.push({ service: `${domain}.${service}`, data, target });
    },
  };

  let shift = 0;
  const notes = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      shift += value;
      const corner = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join();
      notes.push(
        ...sources.map((from) => `shift ${corner(from.previousRect)} to ${corner(from.currentRect)}`),
      );
    }
  }).observe({ type: 'layout-shift', buffered: true });

  const inside = (root, selector) => [
    ...root.querySelectorAll(selector),
    ...[...root.querySelectorAll('*')].flatMap((element) =>
      element.shadowRoot ? inside(element.shadowRoot, selector) : [],
    ),
  ];
  const players = () => inside(document, 'porthole-player');
  const shownOf = (player) => player?.shadowRoot.querySelector('.stage .shown');

  /* Animation frames in which the first player, that has shown a picture, shows none. */
  const pictured = new WeakSet();
  let seen = false;
  let blank = 0;
  let firstMs = 0;
  let posterMs = 0;
  let mountedMs = 0;
  const watch = () => {
    const [player] = players();
    const shown = shownOf(player);
    // What has had a picture goes on showing the last one while it waits for the next.
    if (shown && (shown.readyState ?? 4) >= 2) pictured.add(shown);
    const live = pictured.has(shown);
    const still = inside(document, '.still:not([hidden]), .poster')[0];
    if (still && mountedMs) posterMs ||= performance.now() - mountedMs;
    if (live && mountedMs) firstMs ||= performance.now() - mountedMs;
    if (live) seen = true;
    else if (seen && player && !player.shadowRoot.querySelector('.still:not([hidden])')) {
      if (blank === 0) notes.push(`blank: ${shown?.nodeName} ${shown?.readyState} ${player.state}`);
      blank++;
    }
    requestAnimationFrame(watch);
  };
  watch();

  globalThis.hass = hass;
  globalThis.calls = calls;
  globalThis.tell = (entity, news) => subscribers.get(entity)(news);
  globalThis.inside = inside;
  globalThis.mount = async (config, type = 'porthole-card') => {
    await customElements.whenDefined(type);
    const card = document.createElement(type);
    card.setConfig(config);
    card.hass = hass;
    mountedMs = performance.now();
    document.querySelector('main').append(card);
    return card.getCardSize();
  };
  globalThis.lookAtCard = (index = 0) => {
    const player = players()[index];
    const root = player?.shadowRoot;
    const shown = shownOf(player);
    const text = (selector) => root?.querySelector(selector)?.textContent ?? '';
    const hidden = (selector) => root?.querySelector(selector)?.closest('[hidden]') !== null;
    return {
      players: players().length,
      live: players().filter((each) => shownOf(each)).length,
      slideshows: players().filter((each) => each.hasAttribute('slideshow')).length,
      state: player?.state ?? '',
      tier: player?.playingTier ?? '',
      badge: text('.badge .mode'),
      delay: text('.badge .delay'),
      fallback: root?.querySelector('.badge')?.title ?? '',
      words: hidden('.message') ? '' : text('.message span'),
      notice: hidden('.toast') ? '' : text('.toast'),
      width: shown?.videoWidth ?? shown?.width ?? 0,
      frames: shown?.getVideoPlaybackQuality?.().totalVideoFrames ?? 0,
      look: player?.style.getPropertyValue('--look') ?? '',
      blank,
      notes,
      shift,
      firstMs,
      posterMs,
    };
  };
})();
