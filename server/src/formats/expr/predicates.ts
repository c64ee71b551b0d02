/** Functions of the Expr language that take a predicate. */
import { compare, equal, failure, limited, toText, typeName, type Value } from './value.ts';

/** The predicate for one item; `accumulated` is `#acc`. */
type Test = (item: Value, index: number, accumulated?: Value) => Promise<Value>;

/** Applies the function of this name, one of `PREDICATES`; `rest` are the arguments behind the predicate. */
export async function apply(
  name: string,
  items: readonly Value[],
  test: Test,
  rest: readonly Value[],
): Promise<Value> {
  if (name === 'reduce') return reduce(items, test, rest);
  const results: Value[] = [];
  const decides = DECIDED_BY[name];
  const fromEnd = name.startsWith('findLast');
  for (let step = 0; step < items.length; step++) {
    const index = fromEnd ? items.length - 1 - step : step;
    const result = await test(items[index]!, index);
    if (IS_TEST.has(name) && typeof result !== 'boolean')
      throw failure(`${name}: predicate gives ${typeName(result)}`);
    if (decides !== undefined && result === decides) return decided(name, items, index);
    results.push(result);
  }
  return finish(name, items, results, rest);
}

/** A result of the predicate that settles the answer. */
const DECIDED_BY: Readonly<Record<string, boolean>> = {
  ...{ all: false, any: true, none: true, find: true, findIndex: true, findLast: true, findLastIndex: true },
};
const IS_TEST = new Set([...Object.keys(DECIDED_BY), 'one', 'filter', 'count']);

function decided(name: string, items: readonly Value[], index: number): Value {
  if (name === 'any') return true;
  if (name === 'all' || name === 'none') return false;
  return name.endsWith('Index') ? index : items[index]!;
}

function finish(
  name: string,
  items: readonly Value[],
  results: readonly Value[],
  rest: readonly Value[],
): Value {
  const count = (): number => results.filter((result) => result === true).length;
  switch (name) {
    case 'all':
    case 'none':
      return true;
    case 'any':
      return false;
    case 'find':
    case 'findLast':
    case 'findIndex':
    case 'findLastIndex':
      return null;
    case 'one':
      return count() === 1;
    case 'count':
      return count();
    case 'filter':
      return items.filter((_, index) => results[index] === true);
    case 'map':
      return results;
    case 'sum':
      return sum(results);
    case 'groupBy':
      return groupBy(items, results);
    default:
      return sortBy(items, results, rest[0] ?? 'asc');
  }
}

async function reduce(items: readonly Value[], test: Test, rest: readonly Value[]): Promise<Value> {
  const [initial] = rest;
  let accumulated = initial === undefined ? items[0] : initial;
  if (accumulated === undefined) throw failure('reduce of an empty array');
  for (let index = initial === undefined ? 1 : 0; index < items.length; index++)
    accumulated = limited(await test(items[index]!, index, accumulated));
  return accumulated;
}

/** Of numbers only. */
export function sum(values: readonly Value[]): number {
  return values.reduce<number>((total, value) => {
    if (typeof value !== 'number') throw failure(`sum of ${typeName(value)}`);
    return total + value;
  }, 0);
}

function groupBy(items: readonly Value[], keys: readonly Value[]): Value {
  const groups = new Map<string, Value[]>();
  for (const [index, item] of items.entries()) {
    const key = toText(keys[index]!);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Sorts items by keys of the same index; `asc` or `desc`. */
export function sortBy(items: readonly Value[], keys: readonly Value[], order: Value): Value {
  if (!equal(order, 'asc') && !equal(order, 'desc')) throw failure('an order other than asc and desc');
  const sign = order === 'desc' ? -1 : 1;
  const indices = items.map((_, index) => index);
  return indices.sort((a, b) => sign * compare(keys[a]!, keys[b]!)).map((index) => items[index]!);
}
