/** Assembles the SRTP module; needs the development dependency `wabt`. */
import loadWabt from 'wabt';
import { srtpModule } from './module.ts';

/** The binary of the module, the same bytes each time. */
export async function assembleSrtpModule(): Promise<Buffer> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('srtp.wat', srtpModule(), { simd: true });
  try {
    module.validate();
    return Buffer.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
