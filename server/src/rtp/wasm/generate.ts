/** `node server/src/rtp/wasm/generate.ts` writes srtp.generated.ts from module.ts. */
import { writeFileSync } from 'node:fs';
import { assembleSrtpModule } from './assemble.ts';
import { generatedSource } from './generated-source.ts';

writeFileSync(new URL('./srtp.generated.ts', import.meta.url), generatedSource(await assembleSrtpModule()));
