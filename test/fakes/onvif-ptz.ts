/** The PTZ service of a fake ONVIF camera, as text: it writes down how it is moved. */
import type { Refuse, Reply } from './onvif-camera.ts';

export interface PtzHabits {
  /** `[token, name]` */
  readonly presets?: readonly (readonly [string, string])[];
  readonly zoom?: boolean;
  readonly pan?: boolean;
  /** Its greatest velocity, in its own measure; default 1. */
  readonly fastest?: number;
  readonly refusesTimeout?: boolean;
}

const SPACES = 'http://www.onvif.org/ver10/tptz';

/** The service; `answer` gives undefined for operations that are not its own. */
export function createFakePtz(habits: PtzHabits, fault: Refuse) {
  const { presets = [], zoom = true, pan = true, fastest = 1 } = habits;
  const moves: string[] = [];
  const range = (name: string): string =>
    `<t:${name}><t:Min>${-fastest}</t:Min><t:Max>${fastest}</t:Max></t:${name}>`;
  const panSpace = `<t:ContinuousPanTiltVelocitySpace><t:URI>${SPACES}/PanTiltSpaces/VelocityGenericSpace</t:URI>${range('XRange')}${range('YRange')}</t:ContinuousPanTiltVelocitySpace>`;
  const zoomSpace = `<t:ContinuousZoomVelocitySpace><t:URI>${SPACES}/ZoomSpaces/VelocityGenericSpace</t:URI>${range('XRange')}</t:ContinuousZoomVelocitySpace>`;
  const node = `token="node"><t:Name>node</t:Name><t:SupportedPTZSpaces>${pan ? panSpace : ''}${zoom ? zoomSpace : ''}</t:SupportedPTZSpaces><t:MaximumNumberOfPresets>8</t:MaximumNumberOfPresets><t:HomeSupported>false</t:HomeSupported>`;
  const success = (operation: string, inner = ''): Reply => ({
    status: 200,
    body: `<tptz:${operation}Response>${inner}</tptz:${operation}Response>`,
  });

  return {
    moves,
    /** A profile's PTZConfiguration, from behind the name of its element. */
    configuration:
      ' token="ptz"><t:Name>ptz</t:Name><t:UseCount>1</t:UseCount><t:NodeToken>node</t:NodeToken>',
    answer(operation: string, text: string): Reply | undefined {
      const value = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
      switch (operation) {
        case 'GetNode':
          return success(operation, `<tptz:PTZNode ${node}</tptz:PTZNode>`);
        case 'GetNodes':
          return success(operation, `<tptz:PTZNode ${node}</tptz:PTZNode>`);
        case 'GetPresets':
          return success(
            operation,
            presets
              .map(([token, name]) => `<tptz:Preset token="${token}"><t:Name>${name}</t:Name></tptz:Preset>`)
              .join(''),
          );
        case 'ContinuousMove': {
          if (habits.refusesTimeout && text.includes('Timeout'))
            return fault('InvalidArgVal', 'timeout not supported');
          const panTilt = /PanTilt x="([^"]*)" y="([^"]*)"/.exec(text);
          const turn = panTilt ? `${panTilt[1]} ${panTilt[2]}` : '- -';
          moves.push(`${turn} ${value(/Zoom x="([^"]*)"/) || '-'}`);
          return success(operation);
        }
        case 'Stop':
          moves.push('stop');
          return success(operation);
        case 'GotoPreset': {
          const token = value(/PresetToken>([^<]*)</);
          if (!presets.some(([known]) => known === token)) return fault('NoToken', 'no such preset');
          moves.push(`preset ${token}`);
          return success(operation);
        }
        default:
          return undefined;
      }
    },
  };
}
