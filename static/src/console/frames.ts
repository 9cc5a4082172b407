/**
 * Watches the frames a <video> really shows. SDK events say little about a picture: a blackout
 * raises none for seconds. Frames no wider than the caller's blank placeholder do not count.
 */
export interface Picture {
  /** A camera frame is on the screen (not the placeholder, not nothing). */
  seen: boolean;
  frozen: boolean;
  /** performance.now() of the last camera frame; 0 before the first. */
  last: number;
  width: number;
  height: number;
  /** Frames in the last second. */
  rate: number;
}

export const NO_PICTURE: Picture = { seen: false, frozen: false, last: 0, width: 0, height: 0, rate: 0 };

export const PLACEHOLDER_WIDTH = 64;
/** Marked within two seconds also where the page is busy, or its browser tells of frames late. */
const FROZEN_AFTER = 1750;
const LOOK_EVERY = 250;

export class FrameWatch {
  private picture: Picture = NO_PICTURE;
  private frames = 0;
  private recent: number[] = [];
  private visibleSince = performance.now();
  private request = 0;
  private shownUpTo = 0;
  /** Older browsers do not tell of each frame; there the clock of the video must do. */
  private readonly exact: boolean;
  private readonly timer: ReturnType<typeof setInterval>;
  private due: ReturnType<typeof setTimeout> | undefined; // when the picture may be frozen

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onPicture: (picture: Picture) => void,
  ) {
    this.exact = "requestVideoFrameCallback" in video;
    video.dataset.frames = "0";
    video.dataset.frozen = "false";
    if (this.exact) this.next();
    this.timer = setInterval(() => this.look(), LOOK_EVERY);
    document.addEventListener("visibilitychange", this.shown);
  }

  stop(): void {
    if (this.exact) this.video.cancelVideoFrameCallback(this.request);
    clearInterval(this.timer);
    clearTimeout(this.due);
    document.removeEventListener("visibilitychange", this.shown);
  }

  /** What was seen so far does not count any more. */
  forget(): void {
    this.put({ ...NO_PICTURE });
  }

  private next(): void {
    this.request = this.video.requestVideoFrameCallback((now, frame) => {
      this.frame(now, frame.width, frame.height);
      this.next();
    });
  }

  private frame(now: number, width: number, height: number): void {
    if (width <= PLACEHOLDER_WIDTH) {
      // The camera gave way to the placeholder: there is no picture now, frozen or not.
      if (this.picture.seen) this.put({ ...NO_PICTURE });
      return;
    }
    this.recent = [...this.recent.filter((time) => time > now - 1000), now];
    this.video.dataset.frames = String(++this.frames);
    const { seen, frozen, rate } = this.picture;
    const turned = width !== this.picture.width || height !== this.picture.height;
    const next = { seen: true, frozen: false, last: now, width, height, rate };
    if (!seen || frozen || turned) this.put(next);
    else this.picture = next; // drawn four times a second, not with every frame
    this.due ??= this.wait(FROZEN_AFTER);
  }

  /** Between two looks: the moment itself must not wait for the next one. */
  private wait(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const rest = FROZEN_AFTER - (performance.now() - this.picture.last);
      this.due = rest > 0 && this.picture.seen ? this.wait(rest) : undefined;
      if (rest <= 0) this.look();
    }, ms);
  }

  private look(): void {
    const { currentTime, videoWidth, videoHeight } = this.video;
    if (!this.exact && currentTime !== this.shownUpTo) {
      this.shownUpTo = currentTime;
      this.frame(performance.now(), videoWidth, videoHeight);
    }
    const { seen, last } = this.picture;
    // A hidden page gets no frame callbacks, so silence there means nothing.
    const quiet = performance.now() - Math.max(last, this.visibleSince);
    const frozen = seen && !document.hidden && quiet >= FROZEN_AFTER;
    this.recent = this.recent.filter((time) => time > performance.now() - 1000);
    this.put({ ...this.picture, frozen, rate: this.recent.length });
  }

  private put(picture: Picture): void {
    this.video.dataset.frozen = String(picture.frozen);
    const before = this.picture;
    this.picture = picture;
    const keys = ["seen", "frozen", "width", "height", "rate"] as const;
    if (keys.some((key) => picture[key] !== before[key])) this.onPicture(picture);
  }

  private readonly shown = (): void => {
    this.visibleSince = performance.now();
  };
}
