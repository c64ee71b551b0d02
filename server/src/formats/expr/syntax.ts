/** The tree of a program. */
import type { Value } from './value.ts';

export type Node =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Node, Node])[] }
  | { readonly kind: 'name'; readonly name: string }
  /** `#`, `#index`, `#acc` of the innermost predicate. */
  | { readonly kind: 'pointer'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly kind: 'condition'; readonly test: Node; readonly yes: Node; readonly no: Node }
  | { readonly kind: 'member'; readonly object: Node; readonly key: Node; readonly optional: boolean }
  /** A postfix expression that ends with nil where a `?.` inside finds nil. */
  | { readonly kind: 'chain'; readonly inner: Node }
  | {
      readonly kind: 'slice';
      readonly object: Node;
      readonly from?: Node | undefined;
      readonly to?: Node | undefined;
    }
  /** Of a built-in function, or one that a value holds. */
  | { readonly kind: 'call'; readonly callee: Node; readonly args: readonly Node[] }
  /** `filter(array, predicate)` and its kind. */
  | {
      readonly kind: 'predicate';
      readonly name: string;
      readonly args: readonly Node[];
      readonly body: Node | undefined;
    }
  | { readonly kind: 'let'; readonly name: string; readonly value: Node; readonly body: Node }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] };

/** Functions whose second argument is a predicate; `true` where it may be left out. */
export const PREDICATES: Readonly<Record<string, boolean>> = {
  ...{ all: false, none: false, any: false, one: false, filter: false, map: false, find: false },
  ...{ findIndex: false, findLast: false, findLastIndex: false, groupBy: false, reduce: false },
  ...{ count: true, sum: true, sortBy: false },
};
