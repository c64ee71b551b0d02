/**
 * Evaluates a program of the Expr language: a walk over its tree, asynchronous because `fetch` is. What a program can
 * reach is its own values and the functions it is given; steps, text and arrays are limited.
 */
import { Instant, Span } from './dates.ts';
import { parseProgram } from './parser.ts';
import { apply } from './predicates.ts';
import { matches } from './regexp.ts';
import type { Node } from './syntax.ts';
import {
  compare,
  equal,
  failure,
  isArray,
  isMap,
  limited,
  MAX_ITEMS,
  toText,
  typeName,
  type Value,
} from './value.ts';

/** A function that programs may call by its name. */
export type Builtin = (args: readonly Value[]) => Value | Promise<Value>;

/** Names in sight: declared variables, and the pointers of a predicate. */
interface Scope {
  readonly name: string;
  readonly value: Value;
  readonly outer: Scope | undefined;
}

const MAX_STEPS = 200_000;
/** Characters and items of all results together. */
const MAX_MADE = 64 << 20;
/** Other work of the process goes on between so many steps. */
const STEPS_PER_TURN = 5000;
/** The value of a chain in which a `?.` found nil. */
const BROKEN = Symbol('nil before ?.');

/** The value of a program. Rejects with StreamError, also when `signal` aborts. */
export async function evaluate(
  source: string,
  builtins: ReadonlyMap<string, Builtin>,
  signal: AbortSignal,
): Promise<Value> {
  return new Evaluation(builtins, signal).value(parseProgram(source), undefined);
}

class Evaluation {
  readonly #builtins: ReadonlyMap<string, Builtin>;
  readonly #signal: AbortSignal;
  #steps = 0;
  #made = 0;

  constructor(builtins: ReadonlyMap<string, Builtin>, signal: AbortSignal) {
    this.#builtins = builtins;
    this.#signal = signal;
  }

  async value(node: Node, scope: Scope | undefined): Promise<Value> {
    const value = await this.#link(node, scope);
    return value === BROKEN ? null : value;
  }

  async #link(node: Node, scope: Scope | undefined): Promise<Value | typeof BROKEN> {
    if (++this.#steps > MAX_STEPS) throw failure('the program takes too many steps');
    if (this.#steps % STEPS_PER_TURN === 0) await new Promise(setImmediate);
    this.#signal.throwIfAborted();
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'array':
        return this.#all(node.items, scope);
      case 'map':
        return this.#map(node.entries, scope);
      case 'name':
        return lookUp(node.name, scope);
      case 'pointer':
        return lookUp(`#${node.name}`, scope);
      case 'unary':
        return unary(node.operator, await this.value(node.operand, scope));
      case 'binary':
        return this.#binary(node, scope);
      case 'condition':
        return this.value(bool(await this.value(node.test, scope)) ? node.yes : node.no, scope);
      case 'member':
        return this.#member(node, scope);
      case 'chain':
        return this.value(node.inner, scope);
      case 'slice':
        return this.#slice(node, scope);
      case 'call':
        return this.#call(node, scope);
      case 'predicate':
        return this.#predicate(node, scope);
      case 'let':
        return this.#let(node, scope);
      case 'sequence': {
        let last: Value = null;
        for (const item of node.items) last = await this.value(item, scope);
        return last;
      }
    }
  }

  /** Memory is limited as a whole, not only for each value. */
  #count(value: Value): Value {
    if (typeof value === 'string' || (value !== null && isArray(value))) this.#made += value.length;
    if (this.#made > MAX_MADE) throw failure('the program makes too much');
    return limited(value);
  }

  async #all(nodes: readonly Node[], scope: Scope | undefined): Promise<Value[]> {
    const values: Value[] = [];
    for (const node of nodes) values.push(await this.value(node, scope));
    return values;
  }

  async #map(entries: readonly (readonly [Node, Node])[], scope: Scope | undefined): Promise<Value> {
    const map = new Map<string, Value>();
    for (const [keyNode, valueNode] of entries) {
      const key = toText(await this.value(keyNode, scope));
      const value = await this.value(valueNode, scope);
      // Of two with the same key, the first counts.
      if (!map.has(key)) map.set(key, value);
    }
    return map;
  }

  async #binary(node: Node & { kind: 'binary' }, scope: Scope | undefined): Promise<Value> {
    const { operator } = node;
    const left = await this.value(node.left, scope);
    if (operator === '??') return left ?? this.value(node.right, scope);
    if (operator === 'and' || operator === '&&')
      return bool(left) && bool(await this.value(node.right, scope));
    if (operator === 'or' || operator === '||')
      return bool(left) || bool(await this.value(node.right, scope));
    return this.#count(binary(operator, left, await this.value(node.right, scope)));
  }

  async #member(node: Node & { kind: 'member' }, scope: Scope | undefined): Promise<Value | typeof BROKEN> {
    const object = await this.#link(node.object, scope);
    if (object === BROKEN || (object === null && node.optional)) return BROKEN;
    return member(object, await this.value(node.key, scope));
  }

  async #slice(node: Node & { kind: 'slice' }, scope: Scope | undefined): Promise<Value | typeof BROKEN> {
    const object = await this.#link(node.object, scope);
    if (object === BROKEN) return BROKEN;
    const from = node.from ? integer(await this.value(node.from, scope)) : 0;
    if (typeof object !== 'string' && !(object !== null && isArray(object)))
      throw failure(`${typeName(object)} cannot be sliced`);
    const to = node.to ? integer(await this.value(node.to, scope)) : object.length;
    return object.slice(from, to);
  }

  async #call(node: Node & { kind: 'call' }, scope: Scope | undefined): Promise<Value | typeof BROKEN> {
    const { callee } = node;
    if (callee.kind === 'member') {
      const object = await this.#link(callee.object, scope);
      if (object === BROKEN || (object === null && callee.optional)) return BROKEN;
      const name = toText(await this.value(callee.key, scope));
      return method(object, name, await this.#all(node.args, scope));
    }
    const name = callee.kind === 'name' ? callee.name : '';
    const args = await this.#all(node.args, scope);
    const builtin = this.#builtins.get(name);
    if (builtin) return this.#count(await builtin(args));
    const value = lookUp(name, scope, 'function');
    if (typeof value !== 'function') throw failure(`${name} is no function`);
    return this.#count(value(args));
  }

  /** Scopes of the run of declarations are a list, not a nest of calls. */
  async #let(first: Node & { kind: 'let' }, outer: Scope | undefined): Promise<Value> {
    let scope = outer;
    let node: Node = first;
    while (node.kind === 'let') {
      scope = { name: node.name, value: await this.value(node.value, scope), outer: scope };
      node = node.body;
    }
    return this.value(node, scope);
  }

  async #predicate(node: Node & { kind: 'predicate' }, scope: Scope | undefined): Promise<Value> {
    const [items = null, ...rest] = await this.#all(node.args, scope);
    if (!isArray(items as Value)) throw failure(`${node.name} of ${typeName(items)}`);
    const { body } = node;
    const test = async (item: Value, index: number, accumulated: Value = null): Promise<Value> => {
      if (!body) return item;
      const withIndex = { name: '#index', value: index, outer: scope };
      const withAccumulated = { name: '#acc', value: accumulated, outer: withIndex };
      return this.value(body, { name: '#', value: item, outer: withAccumulated });
    };
    return this.#count(await apply(node.name, items as readonly Value[], test, rest));
  }
}

function lookUp(name: string, scope: Scope | undefined, kind = 'variable'): Value {
  for (let at = scope; at; at = at.outer) if (at.name === name) return at.value;
  if (name === '$env') return new Map();
  throw failure(`no ${kind} ${name}`);
}

function bool(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw failure(`${typeName(value)} where a bool is expected`);
}

function integer(value: Value): number {
  if (typeof value === 'number' && Number.isFinite(value)) return Math.trunc(value);
  throw failure(`${typeName(value)} where an int is expected`);
}

function member(object: Value, key: Value): Value {
  if (object !== null && isMap(object)) return object.get(toText(key)) ?? null;
  const list = typeof object === 'string' ? object : object !== null && isArray(object) ? object : undefined;
  if (list === undefined || typeof key !== 'number')
    throw failure(`cannot fetch ${toText(key)} from ${typeName(object)}`);
  const index = integer(key) + (key < 0 ? list.length : 0);
  const item = list[index];
  if (item === undefined) throw failure(`index out of range: ${toText(key)} (length is ${list.length})`);
  return typeof list === 'string' ? list.charCodeAt(index) : item;
}

function method(object: Value, name: string, args: readonly Value[]): Value {
  if (object instanceof Instant) {
    if (name === 'Format') return object.format(toText(args[0] ?? null));
    if (name === 'In') return object.in(toText(args[0] ?? null));
    if (name === 'Add' && args[0] instanceof Span) return object.plus(args[0]);
    if (name === 'Sub' && args[0] instanceof Instant) return object.minus(args[0]);
    if (name === 'Before' && args[0] instanceof Instant) return object.compare(args[0]) < 0;
    if (name === 'After' && args[0] instanceof Instant) return object.compare(args[0]) > 0;
  }
  const own = object instanceof Instant || object instanceof Span ? object.method(name) : undefined;
  if (own !== undefined) return own;
  const held = object !== null && isMap(object) ? object.get(name) : undefined;
  if (typeof held !== 'function') throw failure(`${typeName(object)} has no function ${name}`);
  return held(args);
}

function unary(operator: string, operand: Value): Value {
  if (operator === 'not' || operator === '!') return !bool(operand);
  if (typeof operand !== 'number') throw failure(`${operator} of ${typeName(operand)}`);
  return operator === '-' ? 0 - operand : operand;
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
  '^': (a, b) => a ** b,
};

function binary(operator: string, a: Value, b: Value): Value {
  if (operator === '==') return equal(a, b);
  if (operator === '!=') return !equal(a, b);
  if (operator === '<') return compare(a, b) < 0;
  if (operator === '>') return compare(a, b) > 0;
  if (operator === '<=') return compare(a, b) <= 0;
  if (operator === '>=') return compare(a, b) >= 0;
  if (operator === 'in') return contains(b, a);
  if (typeof a === 'string' && typeof b === 'string') {
    if (operator === '+') return limited(a + b);
    if (operator === 'contains') return a.includes(b);
    if (operator === 'startsWith') return a.startsWith(b);
    if (operator === 'endsWith') return a.endsWith(b);
    if (operator === 'matches') return matches(a, b, '') !== null;
  }
  if (typeof a === 'number' && typeof b === 'number') {
    if (operator === '..') return range(integer(a), integer(b));
    if (operator === '%' && integer(b) === 0) throw failure('integer divide by zero');
    if (operator === '%') return integer(a) % integer(b);
    const calculate = ARITHMETIC[operator];
    if (calculate) return calculate(a, b);
  }
  if (operator === '+' && a instanceof Instant && b instanceof Span) return a.plus(b);
  if (operator === '+' && a instanceof Span && b instanceof Instant) return b.plus(a);
  if (operator === '-' && a instanceof Instant && b instanceof Instant) return a.minus(b);
  if (operator === '-' && a instanceof Instant && b instanceof Span) return a.plus(new Span(-b.nanoseconds));
  if ((operator === '+' || operator === '-') && a instanceof Span && b instanceof Span)
    return new Span(ARITHMETIC[operator]!(a.nanoseconds, b.nanoseconds));
  throw failure(`invalid operation: ${typeName(a)} ${operator} ${typeName(b)}`);
}

function contains(container: Value, item: Value): boolean {
  if (container === null) return false;
  if (isArray(container)) return container.some((each) => equal(each, item));
  if (isMap(container)) return typeof item === 'string' && container.has(item);
  throw failure(`${typeName(item)} in ${typeName(container)}`);
}

function range(from: number, to: number): Value {
  if (to - from >= MAX_ITEMS) throw failure('a range is too long');
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
