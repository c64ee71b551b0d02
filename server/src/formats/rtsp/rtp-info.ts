/**
 * The `RTP-Info` header of a PLAY response (RFC 2326 §12.33): where each media begins.
 *
 *   url=rtsp://camera/live/trackID=0;seq=45102;rtptime=12345678,url=trackID=1;seq=30211;rtptime=2890844526
 */

export interface RtpInfo {
  readonly url: string;
  readonly sequence: number | undefined;
  readonly rtpTime: number | undefined;
}

/** Reads all entries; URLs may hold commas and semicolons. */
export function parseRtpInfo(text: string): RtpInfo[] {
  return text
    .split(/,\s*(?=url=)/i)
    .map((entry) => {
      const [, url = '', rest = ''] = /^\s*url="?(.*?)"?(;(?:seq|rtptime)=.*)?$/is.exec(entry) ?? [];
      return { url: url.trim(), sequence: number(rest, 'seq'), rtpTime: number(rest, 'rtptime') };
    })
    .filter(({ url }) => url !== '');
}

function number(fields: string, name: string): number | undefined {
  const digits = new RegExp(`;\\s*${name}=\\s*(\\d{1,10})`, 'i').exec(fields)?.[1];
  const value = Number(digits);
  return digits && value <= 0xffff_ffff ? value : undefined;
}

/** The entry of a media, by the URL of its SETUP or the end of it. */
export function findRtpInfo(entries: readonly RtpInfo[], setupUrl: string): RtpInfo | undefined {
  const same = entries.find(({ url }) => url === setupUrl);
  return same ?? entries.find(({ url }) => setupUrl.endsWith(`/${url.slice(url.lastIndexOf('/') + 1)}`));
}
