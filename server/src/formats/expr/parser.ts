/**
 * The grammar of the Expr language, by operator precedence:
 *
 *   program    := statement { ";" statement }
 *   statement  := ("let" | "var") name "=" expression ";" program | expression
 *   expression := operand { operator operand } [ "?" expression ":" expression ]
 *
 * https://expr-lang.org/docs/language-definition; `var` is what users of go2rtc write, too.
 */
import { place, type Token, tokenize } from './lexer.ts';
import { type Node, PREDICATES } from './syntax.ts';
import { failure } from './value.ts';

const BINARY: Readonly<Record<string, number>> = {
  ...{
    '|': 0,
    or: 10,
    '||': 10,
    and: 15,
    '&&': 15,
    '==': 20,
    '!=': 20,
    '<': 20,
    '>': 20,
    '>=': 20,
    '<=': 20,
  },
  ...{ in: 20, matches: 20, contains: 20, startsWith: 20, endsWith: 20, '..': 25, '+': 30, '-': 30 },
  ...{ '*': 60, '/': 60, '%': 60, '**': 100, '^': 100, '??': 500 },
};
const UNARY: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 };
const NEGATABLE = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);
const COMPARISONS = new Set(['<', '>', '<=', '>=']);
const WORDS = new Set(['let', 'var', 'if', 'else', ...Object.keys(BINARY), 'not']);
const MAX_DEPTH = 100;

/** Reads a program. Throws StreamError that names the place of what is wrong. */
export function parseProgram(source: string): Node {
  return new Parser(source).program();
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  #predicates = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  program(): Node {
    const node = this.#sequence();
    if (this.#current.kind !== 'end') throw this.#unexpected();
    return node;
  }

  get #current(): Token {
    return this.#tokens[this.#index]!;
  }

  #is(text: string): boolean {
    const { kind, text: own } = this.#current;
    return own === text && (kind === 'symbol' || kind === 'name');
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#index++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected(text);
  }

  #unexpected(wanted?: string): Error {
    const { kind, text, at } = this.#current;
    const found = kind === 'end' ? 'end of the program' : JSON.stringify(text);
    const instead = wanted === undefined ? '' : ` in place of ${wanted}`;
    return failure(`unexpected ${found} at ${place(this.#source, at)}${instead}`);
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw failure('a program nested too deep');
    const result = read();
    this.#depth--;
    return result;
  }

  #sequence(): Node {
    return this.#nested(() => {
      const items = [this.#statement()];
      while (this.#accept(';') && this.#current.kind !== 'end' && !this.#is('}') && !this.#is(')'))
        items.push(this.#statement());
      return items.length === 1 ? items[0]! : { kind: 'sequence', items };
    });
  }

  #statement(): Node {
    const declares = (this.#is('let') || this.#is('var')) && this.#tokens[this.#index + 1]?.kind === 'name';
    return declares ? this.#let() : this.#expression(0);
  }

  /** Iterates over a run of declarations, of which each is the body of the one before. */
  #let(): Node {
    const declarations: { name: string; value: Node }[] = [];
    while (this.#accept('let') || this.#accept('var')) {
      const { kind, text: name } = this.#current;
      if (kind !== 'name' || WORDS.has(name)) throw this.#unexpected('a name');
      this.#index++;
      this.#expect('=');
      declarations.push({ name, value: this.#expression(0) });
      this.#expect(';');
    }
    const body = this.#sequence();
    return declarations.reduceRight<Node>(
      (inner, { name, value }) => ({ kind: 'let', name, value, body: inner }),
      body,
    );
  }

  #expression(precedence: number): Node {
    return this.#nested(() => {
      if (precedence === 0 && this.#is('if')) return this.#if();
      if (precedence === 0 && (this.#is('let') || this.#is('var'))) return this.#let();
      const node = this.#operators(this.#operand(), precedence);
      return precedence === 0 ? this.#conditions(node) : node;
    });
  }

  #operators(first: Node, precedence: number): Node {
    let left = first;
    for (let previous = ''; ; ) {
      const negated = this.#is('not') && NEGATABLE.has(this.#tokens[this.#index + 1]?.text ?? '');
      const { kind, text: operator } = this.#tokens[this.#index + (negated ? 1 : 0)]!;
      const own = kind === 'name' || kind === 'symbol' ? BINARY[operator] : undefined;
      if (own === undefined || !Object.hasOwn(BINARY, operator) || own < precedence) return left;
      if (previous === '??' && operator !== '??' && operator !== '|')
        throw failure(`?? and ${operator} without parentheses at ${place(this.#source, this.#current.at)}`);
      this.#index += negated ? 2 : 1;
      previous = operator;
      if (operator === '|') left = this.#pipe(left);
      else if (COMPARISONS.has(operator)) left = this.#comparisons(left, operator);
      else {
        const right = this.#expression(operator === '**' || operator === '^' ? own : own + 1);
        left = { kind: 'binary', operator, left, right };
      }
      if (negated) left = { kind: 'unary', operator: 'not', operand: left };
    }
  }

  /** `1 < x < 9` is `1 < x and x < 9`. */
  #comparisons(first: Node, firstOperator: string): Node {
    let left = first;
    let node: Node | undefined;
    for (let operator = firstOperator; ; ) {
      const right = this.#expression(BINARY[operator]! + 1);
      const link: Node = { kind: 'binary', operator, left, right };
      node = node ? { kind: 'binary', operator: 'and', left: node, right: link } : link;
      left = right;
      if (!COMPARISONS.has(this.#current.text) || this.#current.kind !== 'symbol') return node;
      operator = this.#current.text;
      this.#index++;
    }
  }

  #pipe(argument: Node): Node {
    const { kind, text: name } = this.#current;
    if (kind !== 'name') throw this.#unexpected('a function');
    this.#index++;
    this.#expect('(');
    return this.#postfix(this.#call(name, [argument]));
  }

  #conditions(first: Node): Node {
    let test = first;
    while (this.#accept('?')) {
      const yes = this.#is(':') ? test : this.#expression(0);
      this.#expect(':');
      test = { kind: 'condition', test, yes, no: this.#expression(0) };
    }
    return test;
  }

  #if(): Node {
    this.#expect('if');
    const test = this.#expression(0);
    const yes = this.#block();
    this.#expect('else');
    return {
      kind: 'condition',
      test,
      yes,
      no: this.#is('if') ? this.#nested(() => this.#if()) : this.#block(),
    };
  }

  #block(): Node {
    this.#expect('{');
    const body = this.#sequence();
    this.#expect('}');
    return body;
  }

  #operand(): Node {
    const { kind, text } = this.#current;
    if (kind !== 'string' && Object.hasOwn(UNARY, text)) {
      this.#index++;
      return this.#postfix({ kind: 'unary', operator: text, operand: this.#expression(UNARY[text]!) });
    }
    return this.#postfix(this.#primary());
  }

  #primary(): Node {
    const { kind, text } = this.#current;
    if (this.#predicates > 0 && this.#is('.')) return { kind: 'pointer', name: '' };
    this.#index++;
    if (kind === 'number') return { kind: 'literal', value: Number(text.replaceAll('_', '')) };
    if (kind === 'string') return { kind: 'literal', value: text };
    if (kind === 'name' && !WORDS.has(text)) return this.#name(text);
    if (text === '(' && kind === 'symbol') {
      const inner = this.#sequence();
      this.#expect(')');
      return inner;
    }
    if (text === '[' && kind === 'symbol')
      return { kind: 'array', items: this.#list(']', () => this.#expression(0)) };
    if (text === '{' && kind === 'symbol')
      return { kind: 'map', entries: this.#list('}', () => this.#entry()) };
    if (text === '#' && kind === 'symbol' && this.#predicates > 0) {
      const name =
        this.#current.kind === 'name' && ['index', 'acc'].includes(this.#current.text)
          ? this.#current.text
          : '';
      if (name) this.#index++;
      return { kind: 'pointer', name };
    }
    this.#index--;
    throw this.#unexpected();
  }

  #name(text: string): Node {
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (text === 'nil') return { kind: 'literal', value: null };
    return this.#accept('(') ? this.#call(text, []) : { kind: 'name', name: text };
  }

  /** What follows `name(`; `piped` is its first argument. */
  #call(name: string, piped: readonly Node[]): Node {
    const first = piped[0];
    if (!Object.hasOwn(PREDICATES, name))
      return {
        kind: 'call',
        callee: { kind: 'name', name },
        args: [...piped, ...this.#list(')', () => this.#expression(0))],
      };
    const array = first ?? this.#expression(0);
    const more = first ? !this.#is(')') : this.#accept(',');
    if (!more && !PREDICATES[name]) throw this.#unexpected('a predicate');
    const body = more && !this.#is(')') ? this.#predicate() : undefined;
    if (body && !this.#is(')')) this.#expect(',');
    return { kind: 'predicate', name, args: [array, ...this.#list(')', () => this.#expression(0))], body };
  }

  #predicate(): Node {
    this.#predicates++;
    const body = this.#is('{') ? this.#block() : this.#expression(0);
    this.#predicates--;
    return body;
  }

  #list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.#accept(end)) {
      items.push(item());
      if (!this.#is(end)) this.#expect(',');
    }
    return items;
  }

  #entry(): readonly [Node, Node] {
    const { kind, text } = this.#current;
    let key: Node;
    if (this.#accept('(')) {
      key = this.#expression(0);
      this.#expect(')');
    } else if (kind === 'name' || kind === 'string' || kind === 'number') {
      this.#index++;
      key = { kind: 'literal', value: text };
    } else throw this.#unexpected('a key');
    this.#expect(':');
    return [key, this.#expression(0)];
  }

  #postfix(first: Node): Node {
    let node = first;
    let chained = false;
    for (let links = 0; ; links++) {
      if (links > MAX_DEPTH) throw failure('a program nested too deep');
      const optional = this.#is('?.');
      if (this.#accept('(')) {
        if (node.kind !== 'member')
          throw failure(`a call of what is no function at ${place(this.#source, this.#current.at)}`);
        node = { kind: 'call', callee: node, args: this.#list(')', () => this.#expression(0)) };
      } else if (optional || this.#is('.')) {
        this.#index++;
        chained ||= optional;
        node = optional && this.#accept('[') ? this.#subscript(node, true) : this.#property(node, optional);
      } else if (this.#accept('[')) node = this.#subscript(node, false);
      else return chained ? { kind: 'chain', inner: node } : node;
    }
  }

  #property(object: Node, optional: boolean): Node {
    const { kind, text } = this.#current;
    if (kind !== 'name') throw this.#unexpected('a name');
    this.#index++;
    return { kind: 'member', object, key: { kind: 'literal', value: text }, optional };
  }

  /** What follows `[`: an index or a slice. */
  #subscript(object: Node, optional: boolean): Node {
    const from = this.#is(':') ? undefined : this.#expression(0);
    if (from && this.#accept(']')) return { kind: 'member', object, key: from, optional };
    this.#expect(':');
    const to = this.#is(']') ? undefined : this.#expression(0);
    this.#expect(']');
    return { kind: 'slice', object, from, to };
  }
}
