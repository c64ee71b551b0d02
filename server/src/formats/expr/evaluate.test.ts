/** The language, case by case: what Expr 1.17.8 itself answers to these programs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import { BUILTINS } from './builtins.ts';
import { evaluate } from './evaluate.ts';
import { toJson } from './value.ts';

const run = async (program: string, signal = new AbortController().signal): Promise<unknown> =>
  JSON.parse(JSON.stringify(toJson(await evaluate(program, BUILTINS, signal))));

const CASES: readonly (readonly [string, unknown])[] = [
  ['7/2', 3.5],
  ['7%2', 1],
  ['-7%2', -1],
  ['2**10', 1024],
  ['1.0', 1],
  ['[1.0, 1.5]', [1, 1.5]],
  ['string(1.0)', '1'],
  ['string([1,"a"])', '[1 a]'],
  ['string({a:1})', 'map[a:1]'],
  ['string(nil)', '<nil>'],
  ['1+1.5', 2.5],
  ['"abc"[1]', 98],
  ['"abc"[-1]', 99],
  ['"abc"[0:2]', 'ab'],
  ['len("héllo")', 5],
  ['[1,2,3][1:10]', [2, 3]],
  ['{a:1}.b', null],
  ['{a:1}?.b?.c', null],
  ['nil ?? 1', 1],
  ['-2**2', -4],
  ['not true or true', true],
  ['!false', true],
  ['1 in [1,2]', true],
  ['"a" in {a:1}', true],
  ['1 not in [2]', true],
  ['"abc" matches "b."', true],
  ['"abc" not contains "b"', false],
  ['1..3', [1, 2, 3]],
  ['3..1', []],
  ['1 < 2 < 3', true],
  ['true ? 1 : 2', 1],
  ['let x = 1; let y = x+1; x+y', 3],
  ['1; 2', 2],
  ['filter(1..5, # > 2)', [3, 4, 5]],
  ['filter(1..5, {# % 2 == 0}) | map(# * 2)', [4, 8]],
  ['map([{a:1}], .a)', [1]],
  ['reduce(1..4, #acc + #)', 10],
  ['reduce(1..4, #acc + #, 10)', 20],
  ['map(1..3, #index)', [0, 1, 2]],
  ['sortBy([{a:2},{a:1}], .a)', [{ a: 1 }, { a: 2 }]],
  ['sortBy([{a:2},{a:1}], .a, "desc")', [{ a: 2 }, { a: 1 }]],
  ['toJSON({b:1,a:[1,2.5,"x"]})', '{\n  "a": [\n    1,\n    2.5,\n    "x"\n  ],\n  "b": 1\n}'],
  ['fromJSON("{\\"a\\":[1,2.5]}")', { a: [1, 2.5] }],
  ['int("42")', 42],
  ['int(3.9)', 3],
  ['float("1.5")', 1.5],
  ['trim("  a ")', 'a'],
  ['split("a,b,c", ",")', ['a', 'b', 'c']],
  ['split("a,b,c", ",", 2)', ['a', 'b,c']],
  ['join(["a","b"], "-")', 'a-b'],
  ['keys({a:1})', ['a']],
  ['toPairs({a:1})', [['a', 1]]],
  ['first([])', null],
  ['last([1,2])', 2],
  ['get([1,2], 5)', null],
  ['get({a:1}, "a")', 1],
  ['take([1,2,3], 2)', [1, 2]],
  ['mean([1,2,3])', 2],
  ['median([1,2,3,4])', 2.5],
  ['sum([1,2])', 3],
  ['sum([])', 0],
  ['findIndex([1], # > 1)', null],
  ['{"a": 1, a: 2}.a', 1],
  ['true ?: 2', true],
  ['min(1,2,0.5)', 0.5],
  ['max([1,2])', 2],
  ['abs(-1)', 1],
  ['round(1.5)', 2],
  ['round(-1.5)', -2],
  ['floor(1.5)', 1],
  ['ceil(1.2)', 2],
  ['upper("a")', 'A'],
  ['toBase64("hello")', 'aGVsbG8='],
  ['fromBase64("aGVsbG8=")', 'hello'],
  ['flatten([1,[2,[3]]])', [1, 2, 3]],
  ['concat([1],[2])', [1, 2]],
  ['reverse([1,2])', [2, 1]],
  ['uniq([1,1,2])', [1, 2]],
  ['type(1)', 'int'],
  ['type(1.5)', 'float'],
  ['type(nil)', 'nil'],
  ['type([])', 'array'],
  ['type({})', 'map'],
  ['type("a")', 'string'],
  ['bitand(6,3)', 2],
  ['bitor(6,3)', 7],
  ['bitxor(6,3)', 5],
  ['bitnot(6)', -7],
  ['bitnand(6,3)', 4],
  ['bitshl(1,4)', 16],
  ['bitshr(16,2)', 4],
  ['bitushr(20,2)', 5],
  ['date("2023-08-14").Year()', 2023],
  ['date("2023-08-14")', '2023-08-14T00:00:00Z'],
  ['string(date("2023-08-14"))', '2023-08-14 00:00:00 +0000 UTC'],
  ['date("2023-08-14T10:20:30Z").Format("2006/01/02 15-04-05")', '2023/08/14 10-20-30'],
  ['date("2023-08-14").Unix()', 1691971200],
  ['date("2023-08-14").Weekday()', 1],
  ['duration("1h30m").Minutes()', 90],
  ['string(duration("90s"))', '1m30s'],
  ['string(date("2023-08-14") + duration("1h"))', '2023-08-14 01:00:00 +0000 UTC'],
  ['date("2023-08-14") - date("2023-08-13")', 86400000000000],
  ['string(date("2023-08-14") - date("2023-08-13"))', '24h0m0s'],
  ['date("2023-08-14") > date("2023-08-13")', true],
  [
    'string(date("2023-08-14 00:00:00", "2006-01-02 15:04:05", "Europe/Zurich"))',
    '2023-08-14 00:00:00 +0200 CEST',
  ],
  ['"a" == "a"', true],
  ['[1] == [1]', true],
  ['{a:1} == {a:1}', true],
  ['1 == 1.0', true],
  ['1 == "1"', false],
  ['"a" < "b"', true],
  ['if true {1} else {2}', 1],
  ['let a = 1; if a > 1 {"x"} else if a == 1 {"y"} else {"z"}', 'y'],
  ['repeat("ab", 3)', 'ababab'],
  ['lastIndexOf("abcabc", "c")', 5],
  ['indexOf("abc", "z")', -1],
  ['"a" | upper()', 'A'],
  ['"\\u00e9\\x41\\n"', 'éA\n'],
  ['0x1F', 31],
  ['0b11', 3],
  ['0o17', 15],
  ['1_000', 1000],
  ['1e3', 1000],
  ['.5', 0.5],
  ['1.', 1],
  ['/* c */ 1 // d', 1],
  ['find([1,2,3], # > 1)', 2],
  ['findIndex([1,2,3], # > 1)', 1],
  ['findLast([1,2,3], # > 1)', 3],
  ['findLastIndex([1,2,3], # > 1)', 2],
  ['count([true,false])', 1],
  ['count([1,2], # > 1)', 1],
  ['any([1,2], # == 2)', true],
  ['all([], # == 2)', true],
  ['none([1], # == 2)', true],
  ['one([1,2], # == 2)', true],
  ['[1,2,][0]', 1],
  ['{a:1,}', { a: 1 }],
  ['{"a b": 1}["a b"]', 1],
  ['{("a"+"b"): 1}', { ab: 1 }],
  ['splitAfter("a,b", ",")', ['a,', 'b']],
  ['trimPrefix("abc", "a")', 'bc'],
  ['trimSuffix("abc", "c")', 'ab'],
  ['hasPrefix("abc","a")', true],
  ['replace("aaa","a","b")', 'bbb'],
  ['replace("aaa","a","b", 1)', 'baa'],
  ['string(true)', 'true'],
  ['now().Year() > 2000', true],
  ['"a" startsWith "a" and "b" endsWith "b"', true],
  ['5 | max(7)', 7],
  ['true || false && false', true],
  ['10 ^ 2', 100],
  ['2 ^ 3 ^ 2', 512],
  ['map(1..3, let y = #; y * 2)', [2, 4, 6]],
  ['map([[1,2],[3]], map(#, # * 2))', [[2, 4], [6]]],
  ['let f = 1; f', 1],
  ['let x = "q"; x | upper() | lower()', 'q'],
  ['ceil(5)', 5],
  ['string(2.5)', '2.5'],
  ['string(1e21)', '1e+21'],
  ['1e21', 1e21],
  ['10000000000', 10000000000],
  ['string(0.1+0.2)', '0.30000000000000004'],
  ['toJSON("a<b>&")', '"a\\u003cb\\u003e\\u0026"'],
  ['"a" in ["a"]', true],
  ['nil == nil', true],
  ['{} == {}', true],
  ['len({a:1})', 1],
  ['"é" == "\\u00e9"', true],
  ['values({a:1})', [1]],
  ['sort([3,1,2])', [1, 2, 3]],
  ['sort([3,1,2], "desc")', [3, 2, 1]],
  ['sort(["b","a"])', ['a', 'b']],
  ['"x" ?? "y"', 'x'],
  ['1 - -1', 2],
  ['!true == false', true],
  ['[1,2,3] | filter(# > 1) | len()', 2],
  ['fromPairs([["a", 1]])', { a: 1 }],
  ['groupBy([1, 2, 3], # % 2)', { '0': [2], '1': [1, 3] }],
];

const ERRORS: readonly string[] = [
  '"a"+1',
  '[1,2,3][5]',
  '{a:1}.b.c',
  '1 ?? 2 + 3',
  'fromJSON("1").x',
  'int("x")',
  'join([1,2])',
  "'it''s'",
  '# c',
  'foo',
  '[1,2,3].length',
  '-"a"',
  '1%0',
  'not 1 == 2',
  'map({a:1}, #)',
];

test('values', async () => {
  for (const [program, value] of CASES) assert.deepEqual(await run(program), value, program);
});

test('errors', async () => {
  for (const program of ERRORS)
    await assert.rejects(run(program), { name: 'StreamError', code: 'invalid_source' }, program);
});

test('what go2rtc has besides', async () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['var x = 1; x', 1],
    [`match("a.m3u8 b.m3u8", "[a-z]\\\\.m3u8")[0]`, 'a.m3u8'],
    [`match("x\\nab.m3u8", "^[a-z]+\\\\.m3u8$", "m")[0]`, 'ab.m3u8'],
    ['match("ABC", "(?i)(b)(x)?")', ['B', 'B', '']],
    ['match("key=7", "(?P<key>\\\\w+)=(\\\\d)")[2]', '7'],
    ['match("a", "b")', []],
    ['let u = "http://h/a/b.m3u8"; u[:lastIndexOf(u, "/")+1] + "c.ts"', 'http://h/a/c.ts'],
    ['md5("")', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['sha256("")', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['hmac("md5", "key", "The quick brown fox jumps over the lazy dog")', '80070713463e7749b90c2dc24911e275'],
  ];
  for (const [program, value] of cases) assert.deepEqual(await run(program), value, program);
});

test('nothing of JavaScript is in reach', async () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.equal(await run(`{a: 1}.${name}`), null);
    assert.equal(await run(`"${name}" in {a: 1}`), false);
    await assert.rejects(run(name), StreamError);
    await assert.rejects(run(`${name}()`), StreamError);
    await assert.rejects(run(`"a".${name}`), StreamError);
    await assert.rejects(run(`[1].${name}`), StreamError);
    await assert.rejects(run(`now().${name}()`), StreamError);
    assert.deepEqual(await run(`keys({${name}: 1})`), [name]);
    assert.deepEqual(await run(`keys(fromJSON(\`{"${name}": 1}\`))`), [name]);
  }
});

test('limits end what would not end', async () => {
  const started = performance.now();
  const programs = [
    'map(1..10000, map(1..10000, #))',
    '1..1000000000',
    'repeat("x", 1e9)',
    'reduce(1..99, #acc + #acc, "xxxxxxxxxxxxxxxx")',
    `match("${'a'.repeat(40)}b", "^(a+)+$")`,
    `"${'a'.repeat(40)}b" matches "^(a|a)*$"`,
    '('.repeat(5000),
    `${'-'.repeat(5000)}1`,
    '['.repeat(5000),
    `let a = [1]; ${'let a = [a, a]; '.repeat(40)} toJSON(a)`,
    'map(1..50000, upper(repeat("x", 4000000)))',
    'x'.repeat(100_000),
  ];
  for (const program of programs) {
    await assert.rejects(run(program), { code: 'invalid_source' }, program.slice(0, 60));
  }
  assert.ok(performance.now() - started < 20_000);
  const stop = new AbortController();
  const endless = run('map(1..1000, map(1..100, # * 2))', stop.signal);
  setTimeout(() => stop.abort(), 5);
  await assert.rejects(endless);
});

test('errors name the place', async () => {
  await assert.rejects(run('let x = 1;\nx +* 2'), /unexpected "\*" at 2:4/);
  await assert.rejects(run('1 @ 2'), /unexpected "@" at 1:3/);
  await assert.rejects(run('filter([1]'), /end of the program/);
});
