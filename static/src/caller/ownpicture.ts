/** Watches the phone's own picture: a camera can be on and show nothing. */

export type PictureTrouble = "black" | "frozen" | null;

const EVERY = 1000; // ms between looks
const FROZEN_AFTER = 4; // looks without a new frame
const BLACK_AFTER = 5; // looks at nothing but black
// A lens under a finger gives 0 to 10 of 255; the darkest room with a lamp somewhere gives more.
const DARK = 20;
const W = 16;
const H = 12;

export class OwnPicture {
  trouble: PictureTrouble = null;
  private frames = 0;
  private seen = -1;
  private still = 0;
  private black = 0;
  private readonly pen: CanvasRenderingContext2D | null;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly changed: (trouble: PictureTrouble) => void,
  ) {
    const canvas = document.createElement("canvas");
    canvas.width = W;
    canvas.height = H;
    this.pen = canvas.getContext("2d", { willReadFrequently: true });
    this.next();
    this.timer = setInterval(() => this.look(), EVERY);
  }

  stop(): void {
    clearInterval(this.timer);
    this.tell(null);
  }

  private next(): void {
    if (!("requestVideoFrameCallback" in this.video)) return;
    this.video.requestVideoFrameCallback(() => {
      this.frames++;
      this.next();
    });
  }

  private look(): void {
    const { video } = this;
    // A hidden page draws nothing, and a video that does not play says nothing about the camera.
    if (document.hidden || video.hidden || video.paused || !video.videoWidth) {
      this.still = this.black = 0;
      return;
    }
    const count = "requestVideoFrameCallback" in video ? this.frames : (video as HTMLVideoElement).currentTime;
    this.still = count === this.seen ? this.still + 1 : 0;
    this.seen = count;
    this.black = this.still === 0 && this.isBlack() ? this.black + 1 : 0;
    if (this.still >= FROZEN_AFTER) this.tell("frozen");
    else if (this.black >= BLACK_AFTER) this.tell("black");
    else if (this.still === 0 && this.black === 0) this.tell(null);
  }

  private isBlack(): boolean {
    if (!this.pen) return false;
    this.pen.drawImage(this.video, 0, 0, W, H);
    const { data } = this.pen.getImageData(0, 0, W, H);
    return data.every((value, at) => at % 4 === 3 || value < DARK);
  }

  private tell(trouble: PictureTrouble): void {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.changed(trouble);
  }
}
