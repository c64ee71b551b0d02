/** Two texts compared, read only: beside each other where there is room, else one under the other. */
import { yaml } from '@codemirror/lang-yaml';
import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { editorTheme } from './editor-theme.ts';

export interface DiffOptions {
  readonly parent: HTMLElement;
  readonly root: ShadowRoot;
  readonly before: string;
  readonly after: string;
  /** Beside each other. */
  readonly wide: boolean;
  readonly labels: { readonly before: string; readonly after: string };
  readonly phrases: Readonly<Record<string, string>>;
}

/** Lines around a change that are shown; longer runs of equal lines are folded. */
const COLLAPSED = { margin: 3, minSize: 6 };

/** Returns the function that takes it away. */
export function createDiff(options: DiffOptions): () => void {
  const { parent, root, before, after, wide, labels, phrases } = options;
  const common = (label: string): Extension => [
    lineNumbers(),
    yaml(),
    editorTheme,
    EditorState.readOnly.of(true),
    EditorState.phrases.of({ ...phrases }),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label }),
  ];
  const view = wide
    ? new MergeView({
        parent,
        root,
        a: { doc: before, extensions: common(labels.before) },
        b: { doc: after, extensions: common(labels.after) },
        collapseUnchanged: COLLAPSED,
      })
    : new EditorView({
        parent,
        root,
        doc: after,
        extensions: [
          common(labels.after),
          unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: COLLAPSED }),
        ],
      });
  return () => view.destroy();
}
