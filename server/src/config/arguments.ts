/**
 * The command line. `-c` (`-config`, `--config`) may be repeated; each value is one of
 *
 *   /etc/porthole.yaml       a file
 *   {"log":{"level":"debug"}} a whole document, YAML or JSON
 *   log.level=debug          one key
 *
 * The first file is "the config file": the one that the API shows and edits.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from './error.ts';

export type ConfigArgument =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'document'; readonly text: string }
  | { readonly kind: 'key'; readonly path: readonly string[]; readonly text: string };

export interface Arguments {
  readonly action: 'run' | 'version' | 'help';
  readonly configs: readonly ConfigArgument[];
  /** Runs in the background. */
  readonly daemon: boolean;
}

export const USAGE = `Usage: porthole [options]

  -c, -config FILE      config file, inline YAML or JSON ({...}), or one key (log.level=debug); repeatable
  -d, -daemon           run in the background
  -v, -version          print the version
  -h, -help             print this text

Without -c, porthole.yaml or else go2rtc.yaml in the working directory is read.
`;

const DEFAULT_FILES = ['porthole.yaml', 'go2rtc.yaml'];

/** Parses the arguments after the program's name. Throws ConfigError for an unknown flag. */
export function parseArguments(argv: readonly string[]): Arguments {
  const configs: ConfigArgument[] = [];
  let action: Arguments['action'] = 'run';
  let daemon = false;
  for (let i = 0; i < argv.length; i++) {
    const [, flag, attached] = /^--?([a-z]+)(?:=(.*))?$/s.exec(argv[i]!) ?? [];
    switch (flag) {
      case 'c':
      case 'config': {
        const value = attached ?? argv[++i];
        if (value === undefined) throw new ConfigError(`${argv[i - 1]}: a value must follow`);
        if (value !== '') configs.push(parseConfigArgument(value));
        break;
      }
      case 'v':
      case 'version':
        action = 'version';
        break;
      case 'h':
      case 'help':
        action = 'help';
        break;
      case 'd':
      case 'daemon':
        daemon = attached !== 'false';
        break;
      default:
        throw new ConfigError(`unknown argument: ${argv[i]}`);
    }
  }
  return { action, configs, daemon };
}

function parseConfigArgument(value: string): ConfigArgument {
  if (value.trimStart().startsWith('{')) return { kind: 'document', text: value };
  const equals = value.indexOf('=');
  const path = value.slice(0, Math.max(equals, 0)).split('.');
  if (path.length >= 2) return { kind: 'key', path, text: value.slice(equals + 1) };
  return { kind: 'file', path: value };
}

/** What to read when there is no `-c`: the default file that exists, else the first of them, which an edit would make. */
export function defaultConfigs(directory: string): readonly ConfigArgument[] {
  const name = DEFAULT_FILES.find((file) => existsSync(resolve(directory, file))) ?? DEFAULT_FILES[0]!;
  return [{ kind: 'file', path: resolve(directory, name) }];
}
