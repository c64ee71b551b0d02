const LINE = 120;

/** The text of srtp.generated.ts for a module's binary. */
export function generatedSource(binary: Buffer): string {
  const lines = binary.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [
    '/** Generated from scripts/srtp-wasm/module.ts by generate.ts beside it; a test holds it to that. */',
    'export const SRTP_WASM = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
}
