/** Small helpers around the phone: its loudspeaker, its screen. */
/** The audio elements that let the dispatcher's voice be heard. */
export class Voices {
  private readonly elements: HTMLAudioElement[] = [];

  constructor() {
    // Made early: an element made while the page is in the background may stay mute.
    this.make();
  }

  /** Only in a touch: browsers play a voice unasked nowhere else. */
  start(): void {
    for (const voice of this.elements) {
      voice.srcObject ??= new MediaStream();
      voice.play().catch(() => undefined);
    }
  }

  /** An element nobody speaks through. */
  free(): HTMLAudioElement {
    return this.elements.find((voice) => !hasTracks(voice)) ?? this.make();
  }

  private make(): HTMLAudioElement {
    const voice = new Audio();
    voice.autoplay = true;
    this.elements.push(voice);
    return voice;
  }
}

function hasTracks(element: HTMLAudioElement): boolean {
  return element.srcObject instanceof MediaStream && element.srcObject.getTracks().length > 0;
}

/** Keeps the screen on while it is wanted. */
export class Awake {
  private wanted = false;
  private lock: WakeLockSentinel | null = null;

  async hold(): Promise<void> {
    this.wanted = true;
    if (!("wakeLock" in navigator) || this.lock?.released === false) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.wanted) this.lock = lock;
      else await lock.release();
    } catch {
      // a low battery, or a browser that will not: the picture goes on
    }
  }

  release(): void {
    this.wanted = false;
    void this.lock?.release().catch(() => undefined);
    this.lock = null;
  }
}
