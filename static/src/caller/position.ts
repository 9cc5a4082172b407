/** Where the phone is, for as long as it may be told. */
import type { Outcome } from "./capture";

export interface Fix {
  lat: number;
  lon: number;
  accuracy: number;
  at: number;
  altitude?: number;
  heading?: number;
  speed?: number;
}

export interface PositionHooks {
  fix(fix: Fix): void;
  outcome(outcome: Outcome, detail?: string): void;
}

const STALE = 20000;
const PATIENCE = 12000; // ms in which a person should have answered the phone's question
const STILL = 8000; // ms of silence: a phone that does not move need not tell its watch again

export class Position {
  private watch: number | null = null;
  private reported: Outcome | null = null;
  private heard = 0;
  private precise = false;
  private asking: ReturnType<typeof setInterval> | undefined;
  private answer: ReturnType<typeof setTimeout> | undefined;
  private last = 0; // the time of the last fix: the same one may come from both requests

  constructor(private readonly hooks: PositionHooks) {}

  get running(): boolean {
    return this.watch !== null;
  }

  /** Called within the tap, so that the phone asks at once. */
  start(): void {
    if (this.watch !== null) return;
    if (!("geolocation" in navigator)) {
      this.report(isSecureContext ? "unsupported" : "insecure");
      return;
    }
    this.reported = null;
    this.follow();
    this.answer = setTimeout(() => {
      if (!this.reported) this.report("timeout");
    }, PATIENCE);
    this.asking = setInterval(() => this.askAgain(), STILL / 2);
    // A coarse, recent fix is there at once where the precise one takes half a minute.
    navigator.geolocation.getCurrentPosition(
      (place) => {
        if (!this.precise) this.take(place);
      },
      () => undefined,
      { enableHighAccuracy: false, maximumAge: 30000, timeout: 10000 },
    );
  }

  stop(): void {
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    clearInterval(this.asking);
    clearTimeout(this.answer);
    this.watch = null;
    this.precise = false;
    this.last = 0;
  }

  /** The page came back: some phones let a watch die in the background. */
  refresh(): void {
    if (this.watch === null || Date.now() - this.heard < STALE) return;
    navigator.geolocation.clearWatch(this.watch);
    this.follow();
  }

  private follow(): void {
    this.heard = Date.now();
    this.watch = navigator.geolocation.watchPosition(
      (place) => {
        this.precise = true;
        this.take(place);
      },
      (error) => {
        // 2 (unavailable) and 3 (timeout) pass: the watch goes on.
        if (error.code === 1) {
          this.stop();
          void this.refused(error.message);
        } else if (this.reported !== "granted") {
          // Allowed, or it would not have tried; but no place is found.
          this.report("failed", error.message);
        }
      },
      { enableHighAccuracy: true, maximumAge: 0, timeout: 15000 },
    );
  }

  /** The phone's words do not tell a "no" from a question put away. */
  private async refused(detail: string): Promise<void> {
    let outcome: Outcome = isSecureContext ? "denied" : "insecure";
    try {
      const { state } = await navigator.permissions.query({ name: "geolocation" });
      if (state === "prompt" && isSecureContext) outcome = "dismissed";
    } catch {
      // no such question in this browser
    }
    this.report(outcome, detail);
  }

  /** Still there? A position nobody confirms grows old on the console. */
  private askAgain(): void {
    if (!this.precise || Date.now() - this.heard < STILL || document.hidden) return;
    navigator.geolocation.getCurrentPosition(
      (place) => this.take(place),
      () => undefined, // the watch goes on, and says so where that is final
      { enableHighAccuracy: true, maximumAge: 0, timeout: STILL },
    );
  }

  private take(place: GeolocationPosition): void {
    if (this.watch === null) return; // stopped meanwhile
    this.heard = Date.now();
    this.report("granted");
    const at = Math.round(place.timestamp);
    if (at === this.last) return;
    this.last = at;
    const { latitude, longitude, accuracy, altitude, heading, speed } = place.coords;
    const fix: Fix = { lat: latitude, lon: longitude, accuracy, at };
    // A phone that stands still gives NaN for its heading.
    if (altitude !== null && Number.isFinite(altitude)) fix.altitude = altitude;
    if (heading !== null && Number.isFinite(heading)) fix.heading = heading;
    if (speed !== null && Number.isFinite(speed)) fix.speed = speed;
    this.hooks.fix(fix);
  }

  private report(outcome: Outcome, detail?: string): void {
    if (outcome === this.reported) return;
    this.reported = outcome;
    this.hooks.outcome(outcome, detail);
  }
}
