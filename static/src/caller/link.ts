/** The secret of the link, traded for a session, and what is asked in the session's name. */
import { Backoff, onReturn } from "../shared/backoff";
import type { First } from "./first";
import type { Memory } from "./memory";
import { post } from "./server";
import type { Refusal, SeatAnswer, Session } from "./server";

export class Link {
  session: Session | null = null;
  /** The server has not answered yet, and we are trying. */
  unreachable = false;
  private opening: Promise<Session> | null = null;

  constructor(
    private readonly first: First,
    private readonly memory: Memory,
    private readonly changed: () => void,
  ) {}

  /** Trades the secret for a session and its cookie, for as long as it takes. */
  open(): Promise<Session> {
    this.opening ??= this.insist(() => this.enter()).finally(() => {
      this.opening = null;
      this.unreachable = false;
    });
    return this.opening;
  }

  /** A POST below this session's path. */
  async ask<T>(what: string, fields: object = {}): Promise<T> {
    const { session } = this.session ?? (await this.open());
    try {
      return await post<T>(`/s/${session}/${what}`, { boot: this.first.boot, ...fields });
    } catch (error) {
      // The cookie is gone (cleared, expired): the secret gets a new one.
      if (![401, 403, 404].includes((error as Refusal).status)) throw error;
      const renewed = await this.open();
      return post<T>(`/s/${renewed.session}/${what}`, { boot: this.first.boot, ...fields });
    }
  }

  /** The same where the page goes away and no answer can be heard. */
  leave(what: string, fields: object): void {
    if (!this.session) return;
    const body = JSON.stringify({ boot: this.first.boot, ...fields });
    const json = new Blob([body], { type: "application/json" });
    navigator.sendBeacon(`/s/${this.session.session}/${what}`, json);
  }

  /** A place in the room: the one that came with the session, or asked for. */
  async seat(): Promise<SeatAnswer> {
    const session = this.session ?? (await this.open());
    const { seat } = session;
    session.seat = null;
    return seat ?? this.ask<SeatAnswer>("seat");
  }

  /** Until there is an answer; a no is an answer. */
  async insist<T>(attempt: () => Promise<T>, still = () => true): Promise<T> {
    const backoff = new Backoff();
    const unlisten = onReturn(() => backoff.wake());
    try {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (!(error as Refusal).passing || !still()) throw error;
          await backoff.wait();
        }
      }
    } finally {
      unlisten();
    }
  }

  private async enter(): Promise<Session> {
    const { secret, boot, answer } = this.first;
    this.first.answer = null;
    const session = this.memory.get<string>("phone", "session");
    const language = document.documentElement.lang;
    const known = session ? { session } : {};
    // Somebody looks at the page for the first time: a seat may come with the session.
    const seat = !this.session && document.visibilityState !== "hidden";
    const asked = { secret, boot, language, seat, ...known };
    try {
      this.session = await post<Session>("/s/", asked, answer ?? undefined);
    } catch (error) {
      this.unreachable = (error as Refusal).passing;
      this.changed();
      throw error;
    }
    this.memory.set("phone", "session", this.session.session);
    return this.session;
  }
}
