/**
 * Keeps secrets out of logs, API answers and error messages.
 *
 * User info in any URL is masked (`rtsp://user:pass@host` → `rtsp://***@host`), so are parameters and quoted values of
 * names like `password` (`let password = '***'`), what follows `Bearer` and `Basic`; and every value registered with `registerSecret` (environment values
 * used in the config, passwords, tokens) is masked as it stands.
 */

const USER_INFO = /(:\/\/)[^\s/?#@"'<>]+(?:@[^\s/?#@"'<>]+)*@/g;
const SECRET_PARAMETER =
  /([?&#;_/](?:password|passwd|pwd|pass|token|access_token|refresh_token|secret|key|auth|x-amz-[a-z-]+)=)[^&#\s"']+/gi;
/** In programs and JSON: `let password = 'x'`, `{"token": "x"}`. */
const SECRET_LITERAL =
  /(\b(?:\w+_)?(?:password|passwd|pwd|pass|token|secret)["']?\s*[:=]\s*)(["'`])(?:\\.|(?!\2)[^\\\n]){1,500}\2/gi;
/** In headers, and in commands that send them. */
const SECRET_HEADER = /(\b(?:bearer|basic) +)[\w.~+/-]{4,}=*/gi;
const MINIMUM_SECRET_LENGTH = 4;

const secrets = new Set<string>();

/** Masks this value from now on wherever `redact` is applied. Values under 4 characters are ignored: they would mask ordinary text. */
export function registerSecret(value: string): void {
  if (value.length >= MINIMUM_SECRET_LENGTH) secrets.add(value);
}

/** Returns the text with URL credentials and registered secrets replaced by `***`. */
export function redact(text: string): string {
  let result = text
    .replace(USER_INFO, '$1***@')
    .replace(SECRET_PARAMETER, '$1***')
    .replace(SECRET_HEADER, '$1***')
    .replace(SECRET_LITERAL, '$1$2***$2');
  for (const secret of secrets) {
    if (result.includes(secret)) result = result.replaceAll(secret, '***');
  }
  return result;
}
