// Made from dispatch/console/protocol.py by `make protocol`. Do not edit.

export type StageName = "requested" | "accepted" | "delivered" | "opened" | "tapped" | "permitted" | "joined" | "first_frame" | "ended";

export type PermissionName = "camera" | "microphone" | "position";

export type PermissionOutcome = "granted" | "denied" | "dismissed" | "absent" | "busy" | "timeout" | "insecure" | "unsupported" | "failed";

export type ConditionName = "hidden" | "camera_paused" | "picture_black" | "picture_frozen" | "no_socket" | "no_media" | "tcp" | "no_webrtc";

export type PartName = "db" | "migrations" | "redis" | "worker" | "tasks" | "beat" | "media" | "texts";

export type RequestName = "camera" | "microphone" | "flip" | "mute" | "stop";

export interface Owner {
  id: number;
  name: string;
}

export interface Publisher {
  identity: string;
  session: string;
  boot: string;
  since: string | null;
}

export interface Media {
  state: "none" | "live" | "paused" | "stopped";
  camera: boolean;
  microphone: boolean;
}

export interface Unwatched {
  since: string;
  stops_at: string;
}

export interface StageState {
  at: string | null;
  failed: string | null;
}

export interface CallCard {
  id: string;
  number: string;
  number_display: string;
  language: string;
  state: "open" | "closed";
  opened_at: string;
  closed_at: string | null;
  close_reason: string | null;
  undo_until: string | null;
  owner: Owner;
  generation: number;
  publisher: Publisher | null;
  present: boolean;
  media: Media;
  unwatched: Unwatched | null;
  unwatched_stop: boolean;
  stages: Partial<Record<"requested" | "accepted" | "delivered" | "opened" | "tapped" | "permitted" | "joined" | "first_frame" | "ended", StageState>>;
  asks: ("camera" | "microphone" | "position")[];
  is_test: boolean;
}

export interface TextItem {
  id: string;
  call: string;
  to: string;
  provider: string;
  state: "queued" | "sending" | "accepted" | "delivered" | "failed" | "unknown";
  reason: string | null;
  queued_at: string;
  accepted_at: string | null;
  delivered_at: string | null;
  failed_at: string | null;
}

export interface LinkItem {
  id: string;
  call: string;
  state: "active" | "revoked";
  created_at: string;
}

export interface Permission {
  outcome: "granted" | "denied" | "dismissed" | "absent" | "busy" | "timeout" | "insecure" | "unsupported" | "failed";
  at: string;
}

export interface SessionItem {
  id: string;
  call: string;
  opened_at: string | null;
  tapped_at: string | null;
  device: string;
  language: string;
  online: boolean;
  online_at: string | null;
  polling: boolean;
  conditions: ("hidden" | "camera_paused" | "picture_black" | "picture_frozen" | "no_socket" | "no_media" | "tcp" | "no_webrtc")[];
  permissions: Partial<Record<"camera" | "microphone" | "position", Permission>>;
}

export interface Actor {
  kind: "staff" | "caller" | "system";
  name: string;
}

export interface EventItem {
  id: string;
  call: string;
  kind: string;
  at: string;
  actor: Actor;
  text: string;
  data: Record<string, unknown>;
}

export interface ChatItem {
  id: string;
  call: string;
  from: "staff" | "caller";
  name: string;
  text: string;
  at: string;
  key: string;
}

export interface RequestItem {
  id: string;
  call: string;
  what: "camera" | "microphone" | "flip" | "mute" | "stop";
  name: string;
  at: string;
  answer: "open" | "done" | "declined" | "failed" | "replaced";
  answered_at: string | null;
}

export interface Position {
  call: string;
  lat: number;
  lon: number;
  accuracy: number;
  altitude: number | null;
  heading: number | null;
  speed: number | null;
  at: string;
  received_at: string;
  source: string;
  corrected: boolean;
  session: string;
}

export interface VideoHealth {
  state: "up" | "down";
  since: string;
}

export interface Health {
  parts: Partial<Record<"db" | "migrations" | "redis" | "worker" | "tasks" | "beat" | "media" | "texts", boolean | null>>;
}

export interface CallerCard {
  id: string;
  state: "open" | "closed";
  generation: number;
  publisher: string | null;
  asks: ("camera" | "microphone" | "position")[];
  centre: Partial<Record<"name", string>>;
  undo_until: string | null;
}

export interface CallerRequest {
  id: string;
  what: "camera" | "microphone" | "flip" | "mute" | "stop";
  at: string;
}
