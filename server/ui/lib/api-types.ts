/** What docs/api.md says the server tells, as far as the page reads it. Members with an unknown value are absent. */

/** As `core/errors.ts` of the server names them; newer servers may know more. */
export type ErrorCode = string;

export interface CameraError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
}

export interface CameraTrack {
  readonly id?: number;
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Bits a second. */
  readonly bitrate?: number;
  /** Seconds between key frames. */
  readonly gop?: number;
  readonly sample_rate?: number;
  readonly channels?: number;
}

export interface CameraMoves {
  readonly move?: boolean;
  readonly zoom?: boolean;
  readonly presets?: readonly string[];
}

export type CameraStatus = 'disabled' | 'idle' | 'connecting' | 'live' | 'asleep' | 'failed';

export interface Camera {
  readonly id: string;
  readonly name?: string;
  readonly area?: string;
  /** Name of the sub stream. */
  readonly sub?: string;
  readonly enabled: boolean;
  readonly doorbell?: boolean;
  readonly status: CameraStatus;
  readonly error?: CameraError;
  readonly tracks?: readonly CameraTrack[];
  readonly viewers?: number;
  readonly transcoding?: number;
  readonly bitrate?: number;
  readonly fps?: number;
  readonly talk?: boolean;
  readonly ptz?: CameraMoves;
  readonly events?: readonly ('motion' | 'ring')[];
  readonly motion?: boolean;
  readonly reconnects?: number;
}

export interface ServerState {
  readonly id: string;
  readonly version: string;
  readonly api: number;
  readonly started?: number;
  readonly rtsp?: string | null;
  readonly webrtc?: { readonly port?: number; readonly reachable?: boolean };
  readonly warnings?: readonly string[];
  readonly integration?: {
    readonly connected?: boolean;
    readonly installed?: string;
    readonly bundled?: string;
    readonly restart_required?: boolean;
  };
  readonly conflicts?: readonly { readonly port: number; readonly by: string; readonly instead?: number }[];
  readonly role?: 'admin' | 'viewer';
  readonly addon?: boolean;
  readonly import?: { readonly path: string };
}

export interface HistorySample {
  readonly time: number;
  readonly bitrate: number;
  readonly fps: number;
  readonly viewers: number;
}

export interface SourceField {
  readonly name: string;
  readonly title: string;
  readonly type: 'text' | 'password' | 'number' | 'select';
  readonly required?: boolean;
  readonly options?: readonly string[];
  readonly default?: string | number;
}

export interface SourceKind {
  readonly format: string;
  readonly title: string;
  readonly group: string;
  readonly schemes: readonly string[];
  readonly example?: string;
  readonly fields: readonly SourceField[];
  readonly template: string;
}

export interface FoundSource {
  readonly source: string;
  readonly title?: string;
  readonly role?: 'main' | 'sub';
}

export interface Found {
  readonly kind: string;
  readonly name: string;
  readonly address?: string;
  readonly model?: string;
  readonly manufacturer?: string;
  readonly sources: readonly FoundSource[];
  /** Asks for a user and password. */
  readonly credentials?: boolean;
  /** Id of the camera that uses it already. */
  readonly camera?: string;
  /** Why it cannot be added at once. */
  readonly hint?: string;
  /** What the hint says, to be said in other words. */
  readonly hint_code?: string;
}

export interface ScanKind {
  readonly kind: string;
  readonly title: string;
}

export interface Probe {
  /** With the credentials in it. */
  readonly source: string;
  readonly tracks?: readonly CameraTrack[];
  readonly talk?: boolean;
  /** A `data:` URL. */
  readonly snapshot?: string;
  readonly error?: CameraError;
}

/** Body of `PUT /api/cameras`; `null` removes what was named before. */
export interface CameraChange {
  readonly sources?: readonly string[];
  readonly sub_sources?: readonly string[] | null;
  readonly name?: string | null;
  readonly area?: string | null;
  readonly enabled?: boolean;
  readonly doorbell?: boolean;
}
