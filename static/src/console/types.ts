/** What the console handles: the stream's items under short names, the API's answers, its own page. */
import type {
  CallCard as Call,
  ChatItem as Chat,
  EventItem as CallEvent,
  Health,
  LinkItem as Link,
  Position,
  RequestItem as Request,
  SessionItem as Session,
  StageName as Stage,
  StageState as Mark,
  TextItem as Text,
  VideoHealth,
} from "../shared/protocol";

export type { Call, CallEvent, Chat, Health, Link, Mark, Position, Request, Session, Stage, Text, VideoHealth };

/** One point of a track. */
export type Fix = Pick<Position, "lat" | "lon" | "accuracy" | "at">;

/** GET calls/<id>/: a call that the stream no longer carries. */
export interface CallDetail {
  call: Call;
  texts: Text[];
  links: Link[];
  sessions: Session[];
  events: CallEvent[];
  chat: Chat[];
  requests: Request[];
  position: Position | null;
}

export interface Seat {
  url: string;
  token: string;
  identity: string;
  generation: number;
  ice_servers?: RTCIceServer[] | null;
}

/** POST calls/<id>/show-link/: a capability, kept in memory only and only while it is shown. */
export interface ShownLink {
  link: string;
  qr_svg: string;
}

export interface Boot {
  centre: {
    slug: string;
    name: string;
    country: string;
    languages: { code: string; name: string }[];
    default_language: string;
    center: [lat: number, lon: number];
    zoom: number;
  };
  centres: { slug: string; name: string }[];
  user: { id: number; name: string; email: string; role: string; may: string[] };
  csrf: string;
  api: string;
  ws: string;
  map: { pmtiles: string };
  prefill_number: string;
  urls: { login: string; logout: string; admin: string | null; history: string };
  version: string;
}
