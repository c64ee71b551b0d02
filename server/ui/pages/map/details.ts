/** What the map tells of the node that was picked: a table of facts, as a template. */
import { html, nothing, type TemplateResult } from 'lit';
import { codecTitle } from '../../lib/codec-titles.ts';
import { formatBitrate, formatNumber } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { href } from '../../lib/router.ts';
import type { Flows } from './flow.ts';
import type { Group, MapNode, ViewerNode } from './graph.ts';
import { formatBytes } from './units.ts';
import { codecNote, nodeWords, programOf } from './words.ts';

export interface DetailActions {
  close(): void;
  disconnect(viewer: ViewerNode): void;
}

type Fact = readonly [label: string, value: string];

export function renderDetails(
  node: MapNode,
  group: Group,
  flows: Flows,
  actions: DetailActions,
): TemplateResult {
  const { kind, title, icon: name } = nodeWords(node);
  const facts = factsOf(node, group, flows).filter(([, value]) => value !== '');
  return html`<aside class="details card" aria-labelledby="details-title">
    <header>
      <span class="sign">${icon(name, 20)}</span>
      <div class="grow">
        <p class="muted small">${kind}</p>
        <h2 id="details-title" tabindex="-1">${title}</h2>
      </div>
      <button class="button quiet icon" aria-label=${t('common.close')} @click=${actions.close}>${icon('close')}</button>
    </header>
    ${
      node.kind === 'source' && node.source.error
        ? html`<p class="notice alarm">${icon('warning', 18)}<span>${sentence(node.source.error)}</span></p>`
        : nothing
    }
    <dl>${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
    <footer class="row">
      <a class="button" href=${href('camera', group.id)}>${icon('cameras', 18)}${t('map.details.openCamera')}</a>
      ${
        node.kind === 'viewer' && !node.own
          ? html`<button class="button danger" @click=${() => actions.disconnect(node)}>${t('map.disconnect')}</button>`
          : nothing
      }
    </footer>
  </aside>`;
}

function factsOf(node: MapNode, { edges }: Group, flows: Flows): Fact[] {
  const rateOf = (end: 'from' | 'to') => {
    const rates = edges.filter((edge) => edge[end] === node.id).map(({ id }) => flows.get(id)?.rate ?? 0);
    const sum = rates.reduce((total, rate) => total + rate, 0);
    return sum > 0 ? formatBitrate(sum) : '';
  };
  const takers = new Set(edges.filter(({ from }) => from === node.id).map(({ to }) => to)).size;
  const stream: Fact = [t('map.details.stream'), node.stream];
  switch (node.kind) {
    case 'source': {
      const { source, state } = node;
      return [
        [t('map.details.state'), state === 'live' ? t('map.details.live') : t(`map.${state}`)],
        stream,
        [t('map.details.source'), source.url],
        [t('map.details.protocol'), source.protocol],
        [t('map.details.remote'), source.address],
        [t('map.details.rate'), rateOf('from')],
        [t('map.details.bytes'), bytes(source.bytes)],
        [t('map.details.talk'), source.loudspeaker ? t('map.details.talk.yes') : ''],
        [t('map.details.reconnects'), count(source.reconnects)],
        [t('map.details.corrupt'), count(source.corrupt)],
      ];
    }
    case 'track': {
      const { codec, receiver } = node;
      return [
        [t('map.details.codec'), [codecTitle(codec.name), codec.profile].filter(Boolean).join(' ')],
        [t(codec.width ? 'map.details.size' : 'map.details.sampleRate'), codecNote(codec)],
        [t('map.details.channels'), count(codec.channels ?? 0)],
        [t('map.details.rate'), rateOf('to')],
        [t('map.details.bytes'), bytes(receiver?.bytes ?? 0)],
        [t('map.details.packets'), count(receiver?.packets ?? 0)],
        [t('map.details.takers'), t('map.details.takers.count', { count: takers })],
      ];
    }
    case 'transcoder':
      return [
        stream,
        [t('map.details.engine'), node.hardware || t('map.details.engine.processor')],
        [t('map.details.rate'), rateOf('from')],
        [t('map.details.bytes'), bytes(node.source.bytes)],
        [t('map.details.takers'), t('map.details.takers.count', { count: takers })],
      ];
    case 'viewer': {
      const { viewer } = node;
      const drops = viewer.senders.reduce((sum, sender) => sum + sender.drops, 0);
      return [
        stream,
        [t('map.details.format'), viewer.format],
        [t('map.details.protocol'), viewer.protocol],
        [t('map.details.remote'), viewer.address],
        [t('map.details.agent'), programOf(viewer)],
        [t('map.details.codec'), viewer.senders.map(({ codec }) => codecTitle(codec.name)).join(' · ')],
        [t('map.details.rate'), rateOf('to')],
        [t('map.details.bytes'), bytes(viewer.bytes)],
        [t('map.details.drops'), count(drops)],
      ];
    }
  }
}

const bytes = (value: number): string => (value > 0 ? formatBytes(value) : '');
const count = (value: number): string => (value > 0 ? formatNumber(value) : '');
const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
