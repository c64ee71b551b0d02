/** `node scripts/srtp-wasm/generate.ts` writes server/src/rtp/wasm/srtp.generated.ts from module.ts. */
import { writeFileSync } from 'node:fs';
import { assembleSrtpModule } from './assemble.ts';
import { generatedSource } from './generated-source.ts';

const target = new URL('../../server/src/rtp/wasm/srtp.generated.ts', import.meta.url);
writeFileSync(target, generatedSource(await assembleSrtpModule()));
