/**
 * AES-128 over whole blocks, from memory into memory: what keystreams of SRTP are made with.
 *
 * Node's cipher objects give each result a buffer of its own. At the rate of media that is what the garbage collector
 * does all day: a third of the CPU of a server with 50 viewers. OpenSSL, which is part of Node, writes into memory that
 * exists; node:ffi (Node 26.1) calls it. Where that is missing, or does not encrypt the example of the standard as it
 * should, Node's cipher does the work.
 */
import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';

export interface BlockCipher {
  /** Encrypts `input`, whole blocks of 16 bytes, each by itself. `output` may be longer. */
  encrypt(input: Uint8Array, output: Uint8Array): void;
}

const BLOCK_BYTES = 16;

/** FIPS 197, appendix C.1. */
const EXAMPLE = {
  key: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  plain: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  encrypted: Buffer.from('69c4e0d86a7b0430d8cdb78070b4c55a', 'hex'),
};

/** Makes the cipher of a key of 16 bytes. */
export function createBlockCipher(key: KeyObject): BlockCipher {
  return create(key);
}

const create = ((): ((key: KeyObject) => BlockCipher) => {
  try {
    const native = openSsl();
    const output = Buffer.alloc(BLOCK_BYTES);
    native?.(createSecretKey(EXAMPLE.key)).encrypt(EXAMPLE.plain, output);
    if (native && output.equals(EXAMPLE.encrypted)) return native;
  } catch {
    // A Node whose OpenSSL is hidden, or whose FFI is another.
  }
  return nodeCipher;
})();

function nodeCipher(key: KeyObject): BlockCipher {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return {
    encrypt(input, output) {
      requireBlocks(input, output);
      output.set(cipher.update(input));
    },
  };
}

/** Ciphers by way of OpenSSL's EVP functions; undefined where there is no node:ffi. */
function openSsl(): ((key: KeyObject) => BlockCipher) | undefined {
  const ffi = process.getBuiltinModule('node:ffi') as typeof import('node:ffi') | undefined;
  if (!ffi) return undefined;
  const { functions } = ffi.dlopen(null, {
    EVP_aes_128_ecb: { arguments: [], return: 'pointer' },
    EVP_CIPHER_CTX_new: { arguments: [], return: 'pointer' },
    EVP_CIPHER_CTX_free: { arguments: ['pointer'], return: 'void' },
    EVP_EncryptInit_ex: { arguments: ['pointer', 'pointer', 'pointer', 'buffer', 'pointer'], return: 'i32' },
    EVP_CIPHER_CTX_set_padding: { arguments: ['pointer', 'i32'], return: 'i32' },
    EVP_EncryptUpdate: { arguments: ['pointer', 'buffer', 'buffer', 'buffer', 'i32'], return: 'i32' },
  });
  const contexts = new FinalizationRegistry<bigint>((context) => functions.EVP_CIPHER_CTX_free(context));
  const written = Buffer.alloc(4);

  /** Owns its OpenSSL context, which is freed when nobody has the object any more. */
  class OpenSslCipher implements BlockCipher {
    readonly #context = functions.EVP_CIPHER_CTX_new();

    constructor(key: KeyObject) {
      const context = this.#context;
      if (context === 0n) throw new Error('OpenSSL has no memory');
      contexts.register(this, context);
      if (functions.EVP_EncryptInit_ex(context, functions.EVP_aes_128_ecb(), 0n, key.export(), 0n) !== 1)
        throw new Error('OpenSSL has no AES-128-ECB');
      functions.EVP_CIPHER_CTX_set_padding(context, 0);
    }

    encrypt(input: Uint8Array, output: Uint8Array): void {
      requireBlocks(input, output);
      if (functions.EVP_EncryptUpdate(this.#context, output, written, input, input.length) !== 1)
        throw new Error('OpenSSL did not encrypt');
    }
  }
  return (key) => new OpenSslCipher(key);
}

function requireBlocks(input: Uint8Array, output: Uint8Array): void {
  if (input.length % BLOCK_BYTES !== 0 || output.length < input.length)
    throw new RangeError('not whole blocks, or no room for them');
}
