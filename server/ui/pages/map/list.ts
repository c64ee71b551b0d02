/** The map as a nested list, as a template: the same nodes, rates and details as the picture. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { href } from '../../lib/router.ts';
import type { Flows } from './flow.ts';
import type { Group } from './graph.ts';
import { type OutlineItem, outline } from './outline.ts';
import { flowWords, nodeWords } from './words.ts';

export interface ListOptions {
  readonly flows: Flows;
  readonly selected: string;
  readonly pick: (id: string) => void;
}

export function renderList(groups: readonly Group[], options: ListOptions): TemplateResult {
  return html`<div class="list">
    ${repeat(
      groups,
      ({ id }) => id,
      (group) => html`<section class="card">
        <h2><a href=${href('camera', group.id)}>${group.name}</a></h2>
        ${renderItems(outline(group), options)}
      </section>`,
    )}
  </div>`;
}

function renderItems(items: readonly OutlineItem[], options: ListOptions): TemplateResult {
  return html`<ul>
    ${items.map((item) => html`<li>${renderItem(item, options)}</li>`)}
  </ul>`;
}

function renderItem({ node, edge, children }: OutlineItem, options: ListOptions): TemplateResult {
  const { kind, title, note, icon: name } = nodeWords(node);
  const flow = edge && options.flows.get(edge.id);
  const failed = node.kind === 'source' && node.state === 'failed';
  const isBad = failed || flow?.state === 'stopped';
  return html`
    <button
      class="item ${isBad ? 'bad' : ''}" data-id=${node.id} aria-pressed=${node.id === options.selected}
      @click=${() => options.pick(node.id)}
    >
      <span class="sign">${icon(isBad ? 'warning' : name, 18)}</span>
      <span class="grow">
        <span class="visually-hidden">${kind}:</span>
        <span class="title">${title}</span>
        ${note === title ? nothing : html`<span class="note">${note}</span>`}
      </span>
      <span class="number rate">${edge ? flowWords(flow) : nothing}</span>
    </button>
    ${children.length > 0 ? renderItems(children, options) : nothing}
  `;
}

/** The words of an empty filter. */
export function renderNothing(): TemplateResult {
  return html`<p class="muted">${t('map.empty.heading')}</p>`;
}
