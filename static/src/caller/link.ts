/** The secret of the link, traded for a session, and what is asked in the session's name. */
import { Backoff, onReturn } from "../shared/backoff";
import type { Memory } from "./memory";
import { post } from "./server";
import type { Refusal, SeatAnswer, Session } from "./server";

export class Link {
  session: Session | null = null;
  /** The server has not answered yet, and we are trying. */
  unreachable = false;
  private opening: Promise<Session> | null = null;

  constructor(
    private readonly secret: string,
    private readonly boot: string,
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
      return await post<T>(`/s/${session}/${what}`, { boot: this.boot, ...fields });
    } catch (error) {
      // The cookie is gone (cleared, expired): the secret gets a new one.
      if (![401, 403, 404].includes((error as Refusal).status)) throw error;
      const renewed = await this.open();
      return post<T>(`/s/${renewed.session}/${what}`, { boot: this.boot, ...fields });
    }
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
    // A reload is the same session: what the person allowed before belongs to it.
    const session = this.memory.get<string>("phone", "session");
    const { secret, boot } = this;
    const language = document.documentElement.lang;
    const known = session ? { session } : {};
    // Somebody looks at the page for the first time: a seat may come with the session.
    const seat = !this.session && document.visibilityState !== "hidden";
    try {
      this.session = await post<Session>("/s/", { secret, boot, language, seat, ...known });
    } catch (error) {
      this.unreachable = (error as Refusal).passing;
      this.changed();
      throw error;
    }
    this.memory.set("phone", "session", this.session.session);
    return this.session;
  }
}
