/**
 * The YAML editor: CodeMirror with what the config's JSON Schema knows (completion, hover) and what the server
 * says about the text. In a shadow root, where CodeMirror's styles need no permission of the Content-Security-Policy.
 */
import { yaml } from '@codemirror/lang-yaml';
import { type Diagnostic, linter, lintGutter } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { basicSetup } from 'codemirror';
import { type Check, problemRange, readCheck } from './changes.ts';
import { schemaSupport } from './completion.ts';
import { editorTheme } from './editor-theme.ts';
import type { Schema } from './schema.ts';

/** After the last key; the server reads the whole file each time. */
const CHECK_DELAY_MS = 500;
const NOTHING = readCheck(undefined);

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly root: ShadowRoot;
  readonly text: string;
  readonly label: string;
  readonly readOnly: boolean;
  readonly schema: Schema | undefined;
  /** The editor's own words, by their English ones. */
  readonly phrases: Readonly<Record<string, string>>;
  /** Asks the server about a text. Rejects when it does not answer: then nothing is marked. */
  check(text: string): Promise<Check>;
  changed(text: string): void;
  /** Ctrl+S. */
  save(): void;
}

export function createEditor(options: EditorOptions): EditorView {
  const { parent, root, text, label, readOnly, schema, phrases, check, changed, save } = options;
  return new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.high(
          keymap.of([
            {
              key: 'Mod-s',
              preventDefault: true,
              run: () => {
                save();
                return true;
              },
            },
          ]),
        ),
        basicSetup,
        yaml(),
        editorTheme,
        EditorState.readOnly.of(readOnly),
        EditorState.phrases.of({ ...phrases }),
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) changed(state.doc.toString());
        }),
        lintGutter(),
        linter((view) => problemsOf(view, check), { delay: CHECK_DELAY_MS }),
        schema ? schemaSupport(schema) : [],
      ],
    }),
  });
}

/** Replaces the text, as one step of the editor's history. */
export function replaceText(view: EditorView, text: string): void {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

async function problemsOf(view: EditorView, check: EditorOptions['check']): Promise<Diagnostic[]> {
  const text = view.state.doc.toString();
  const { problems } = await check(text).catch(() => NOTHING);
  if (view.state.doc.toString() !== text) return [];
  return problems.map((problem) => ({
    ...problemRange(text, problem),
    severity: 'error',
    message: problem.path ? `${problem.path}: ${problem.message}` : problem.message,
  }));
}

/** Puts the cursor at the beginning of a line, and shows it. */
export function goToLine(view: EditorView, line: number): void {
  const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
  view.focus();
}
