/** The one socket of both pages: joins a stream, keeps its model, comes back by itself for ever. */
import { onReturn } from "./backoff";
import { Model } from "./model";
import type { Change, StateMessage } from "./model";

export * from "./model";

export type Status = "connecting" | "live" | "lost";

/** What the server may say besides state: acknowledgements and farewells. */
export interface Ack {
  t: "ack";
  boot: string;
  acked: number[];
  refused: { client_seq: number; code: string; message: string }[];
}

export interface Bye {
  t: "bye";
  code: string;
  message: string;
  retry: boolean;
  /** When to come back, in ms. */
  after?: number;
}

export type OtherMessage = Ack | Bye;

export interface FeedOptions {
  /** Path or address; called before each attempt (0 is the first), so that a cookie can be renewed. */
  url: string | ((attempt: number) => string | Promise<string>);
  /** Answer each heartbeat, so that the server knows that this page is alive. */
  answers?: boolean;
  /** The hello without epoch and last_seq, which are added here. */
  hello: Record<string, unknown>;
  onChange(model: Model, changes: Change[]): void;
  onStatus?(status: Status, detail: string): void;
  onMessage?(message: OtherMessage): void;
}

/** What this page speaks; docs/protocol.md says what each version brought. */
const PROTOCOL = 1;
const SILENCE = 5000; // ms without a message: the connection is lost
const PATIENCE = 10000; // ms an attempt may take to bring its first message
const FIRST_WAIT = 500; // ms before a new attempt, growing…
const LONGEST_WAIT = 5000; // …to this
const CALM = 2500; // ms a restarting server may take, after the wait it asked for, until we speak of it
const CLOCK_SAMPLES = 30;

const tick = () => performance.now();

export class FeedSocket {
  readonly model = new Model();
  status: Status = "connecting";
  /** What the server speaks. Nothing may be sent that it does not know. */
  version = 0;
  private socket: WebSocket | null = null;
  private running = false;
  private attempt = 0;
  private heard = 0; // when the last message came (or the attempt began)
  private answered = false; // did this attempt bring a message?
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private unlisten: (() => void) | undefined;
  private samples: number[] = [];
  private offset: number | null = null;
  private lostSince = 0; // when messages stopped coming, whatever attempts were made since
  private calm = 0; // until when a restart is nothing to speak of
  private healed = -Infinity; // when a gap last made us join again

  constructor(private readonly options: FeedOptions) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.lostSince = tick();
    this.watch = setInterval(() => this.check(), 500);
    this.unlisten = onReturn(() => this.wake());
    this.connect();
  }

  stop(): void {
    this.running = false;
    clearInterval(this.watch);
    clearTimeout(this.retry);
    this.unlisten?.();
    this.drop();
  }

  /** True if it went out; whether it arrived only an answer can tell. */
  send(message: object): boolean {
    if (!this.answered || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** The server's time, ms since 1970, whatever the clock of this device says. */
  now(): number {
    return this.offset === null ? Date.now() : tick() + this.offset;
  }

  private wake(): void {
    // A page that slept may hold a dead socket; one that heard something lately is fine.
    if (this.socket && tick() - this.heard < SILENCE / 2) return;
    this.attempt = 0;
    this.connect();
  }

  private check(): void {
    const now = tick();
    if (now - this.lostSince > SILENCE) this.say("lost", "silent");
    else if (this.calm && now >= this.calm) this.trouble();
    if (!this.socket) return;
    if (now - this.heard > (this.answered ? SILENCE : PATIENCE)) this.again();
  }

  private connect(): void {
    clearTimeout(this.retry);
    this.drop();
    if (!this.running) return;
    this.heard = tick();
    const { url } = this.options;
    const attempt = this.attempt++;
    const place = typeof url === "string" ? url : url(attempt);
    if (typeof place === "string") {
      this.open(place);
      return;
    }
    const before = this.retry = setTimeout(() => this.again(), PATIENCE);
    place.then(
      (address) => {
        if (this.retry !== before) return; // another attempt took over
        clearTimeout(before);
        if (this.running) this.open(address);
      },
      () => {
        if (this.retry === before) this.again();
      },
    );
  }

  private open(address: string): void {
    const full = new URL(address, location.href);
    full.protocol = full.protocol.replace(/^http/, "ws");
    const socket = new WebSocket(full);
    this.socket = socket;
    this.answered = false;
    socket.onopen = () => {
      const { epoch, seq } = this.model;
      const known = epoch === null ? {} : { epoch, last_seq: seq };
      socket.send(JSON.stringify({ ...this.options.hello, ...known, t: "hello", v: PROTOCOL }));
    };
    socket.onmessage = (event) => this.hear(String(event.data));
    socket.onclose = () => this.again();
  }

  private hear(text: string): void {
    let message: StateMessage | OtherMessage | null;
    try {
      message = JSON.parse(text) as StateMessage | OtherMessage | null;
    } catch {
      return;
    }
    this.heard = this.lostSince = tick();
    this.answered = true;
    if (!message) return;
    switch (message.t) {
      case "snapshot":
      case "beat":
        if (message.t === "snapshot") this.version = message.v ?? 0;
        if (message.t === "beat" && this.options.answers) this.send({ t: "beat" });
        this.setClock(message.now);
        this.attempt = 0; // it works: the next loss starts with short waits
        this.update(message);
        break;
      case "entries":
        if (message.v) this.version = message.v;
        this.update(message);
        break;
      case "latest":
        this.update(message);
        break;
      case "bye":
        this.bye(message);
        break;
      case "ack":
        this.options.onMessage?.(message);
        break;
      default: // a newer server may say more than this page knows
    }
  }

  /** State that came another way than by the socket. */
  take(message: StateMessage & { now: string }): void {
    this.setClock(message.now);
    this.change(message);
  }

  private update(message: StateMessage): void {
    this.calm = 0;
    this.say("live", "");
    this.change(message);
  }

  private change(message: StateMessage): void {
    const changes = this.model.apply(message);
    if (changes.length) this.options.onChange(this.model, changes);
    if (this.model.gap) this.heal();
  }

  /** Entries are missing: joining again with our last_seq brings them. */
  private heal(): void {
    this.model.gap = false;
    const often = tick() - this.healed < SILENCE;
    this.healed = tick();
    if (often) this.again();
    else this.connect();
  }

  private bye(message: Bye): void {
    if (message.retry && message.after !== undefined) {
      this.pause(message.after);
      return;
    }
    if (!message.retry) {
      this.stop();
      this.say("lost", message.code);
    }
    this.options.onMessage?.(message);
  }

  /** The server is being replaced: back in the moment it gave us, and nothing is wrong until then. */
  private pause(after: number): void {
    this.drop();
    clearTimeout(this.retry);
    this.attempt = 0;
    this.calm = tick() + after + CALM;
    this.retry = setTimeout(() => this.connect(), after);
  }

  private trouble(): void {
    this.calm = 0;
    if (this.status === "live") this.say("connecting", "closed");
  }

  private again(): void {
    this.drop();
    clearTimeout(this.retry);
    if (!this.running) return;
    if (!this.calm) this.trouble();
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 1.6 ** Math.max(0, this.attempt - 1));
    // Jitter: many pages that lost the same server must not come back in the same moment.
    this.retry = setTimeout(() => this.connect(), wait * (0.3 + 0.7 * Math.random()));
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.answered = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private say(status: Status, detail: string): void {
    if (status === this.status && status !== "lost") return;
    if (status === "lost" && this.status === "lost" && detail === "silent") return;
    this.status = status;
    this.options.onStatus?.(status, detail);
  }

  private setClock(now: string): void {
    const server = Date.parse(now);
    if (Number.isNaN(server)) return;
    // The message that travelled least gives the greatest difference: take that of the last minute.
    this.samples.push(server - tick());
    if (this.samples.length > CLOCK_SAMPLES) this.samples.shift();
    this.offset = Math.max(...this.samples);
  }
}
