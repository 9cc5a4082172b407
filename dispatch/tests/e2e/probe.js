/*
 * Runs before every page of the end-to-end tests (add_init_script) and only observes:
 * which peer connections exist and what carries them, what the page captures, what a <video>
 * really shows, and what a remote sound really sounds like. The constants mirror media.py.
 */
(() => {
  "use strict";
  if (window.__probe) return;

  const BITS = 16;
  const BARS_LEFT = 0.1, BARS_WIDTH = 0.8;
  const BIT_ROW = 0.4, COMPLEMENT_ROW = 0.52, ROW_HEIGHT = 0.12;
  const CORNER_W = 0.16, CORNER_H = 0.22;
  const W = 320, H = 180; // what the readers scale a frame to: each bar stays 16 px wide

  const peers = [];
  const captured = []; // tracks that came from the camera or the microphone, and their clones
  const watches = new Set(); // running watchPosition ids
  const wakeLocks = [];

  // --- what the page does -------------------------------------------------------------------
  const NativePeer = window.RTCPeerConnection;
  if (NativePeer) {
    window.RTCPeerConnection = new Proxy(NativePeer, {
      construct(target, args, self) {
        const peer = Reflect.construct(target, args, self === window.RTCPeerConnection ? target : self);
        peers.push(peer);
        return peer;
      },
    });
  }
  const media = navigator.mediaDevices;
  if (media && media.getUserMedia) {
    const native = media.getUserMedia.bind(media);
    media.getUserMedia = async (constraints) => {
      const stream = await native(constraints);
      captured.push(...stream.getTracks());
      return stream;
    };
    const clone = MediaStreamTrack.prototype.clone;
    MediaStreamTrack.prototype.clone = function () {
      const copy = clone.call(this);
      if (captured.includes(this)) captured.push(copy);
      return copy;
    };
  }
  if (window.Geolocation) {
    const proto = Geolocation.prototype;
    const watch = proto.watchPosition, clear = proto.clearWatch;
    proto.watchPosition = function (...args) {
      const id = watch.apply(this, args);
      watches.add(id);
      return id;
    };
    proto.clearWatch = function (id) {
      watches.delete(id);
      return clear.call(this, id);
    };
  }
  if (navigator.wakeLock) {
    const request = navigator.wakeLock.request.bind(navigator.wakeLock);
    navigator.wakeLock.request = async (type) => {
      const lock = await request(type);
      wakeLocks.push(lock);
      return lock;
    };
  }

  // Elements that no page shows can be heard all the same.
  const unseen = [];
  window.Audio = new Proxy(window.Audio, {
    construct(target, args) {
      const element = Reflect.construct(target, args);
      unseen.push(element);
      return element;
    },
  });

  // --- pictures -----------------------------------------------------------------------------
  const canvas = document.createElement("canvas");
  canvas.width = W;
  canvas.height = H;
  const pen = canvas.getContext("2d", { willReadFrequently: true });

  const patch = (data, x, y) => {
    const cx = Math.floor(W * x), cy = Math.floor(H * y);
    let r = 0, g = 0, b = 0;
    for (let j = -2; j < 2; j++)
      for (let i = -2; i < 2; i++) {
        const at = ((cy + j) * W + cx + i) * 4;
        r += data[at];
        g += data[at + 1];
        b += data[at + 2];
      }
    return [r >> 4, g >> 4, b >> 4];
  };
  const luma = ([r, g, b]) => 0.3 * r + 0.59 * g + 0.11 * b;

  /** {stamp: number|null, corners: [tl, tr, bl, br]} of anything drawable. */
  const read = (source) => {
    pen.clearRect(0, 0, W, H); // drawing nothing must not leave another picture's frame
    pen.drawImage(source, 0, 0, W, H);
    const { data } = pen.getImageData(0, 0, W, H);
    let stamp = 0;
    for (let bit = 0; bit < BITS; bit++) {
      const x = BARS_LEFT + ((bit + 0.5) * BARS_WIDTH) / BITS;
      const contrast =
        luma(patch(data, x, BIT_ROW + ROW_HEIGHT / 2)) -
        luma(patch(data, x, COMPLEMENT_ROW + ROW_HEIGHT / 2));
      if (Math.abs(contrast) < 96) {
        stamp = null;
        break;
      }
      stamp = stamp * 2 + (contrast > 0 ? 1 : 0);
    }
    const x = CORNER_W / 2, y = CORNER_H / 2;
    const corners = [[x, y], [1 - x, y], [x, 1 - y], [1 - x, 1 - y]];
    return { stamp, corners: corners.map(([a, b]) => patch(data, a, b)) };
  };

  const trails = new Map();
  let nextTrail = 1;

  /**
   * Records every frame that any <video> matching the selector presents, also when the page
   * swaps the element. A sample:
   * [ms, stamp|null, width, height, corners, data-publisher|null, visible].
   */
  const follow = (selector) => {
    const trail = { samples: [], elements: new WeakSet(), timer: 0, stopped: false };
    const id = nextTrail++;
    trails.set(id, trail);
    const attach = (video) => {
      trail.elements.add(video);
      const onFrame = (now) => {
        if (trail.stopped || !video.isConnected) {
          trail.elements.delete(video);
          return;
        }
        video.requestVideoFrameCallback(onFrame);
        // Its track has been taken from it meanwhile: there is nothing to see, nor to draw.
        if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
        const { stamp, corners } = read(video);
        const publisher = video.dataset.publisher || null;
        const wide = [video.videoWidth, video.videoHeight];
        const box = video.getBoundingClientRect();
        // Seen: nothing lies over its middle (words cover the placeholder, for instance).
        const visible = video === document.elementFromPoint(
          (box.left + box.right) / 2, (box.top + box.bottom) / 2,
        );
        if (trail.samples.length < 20000)
          trail.samples.push([performance.now(), stamp, ...wide, corners, publisher, visible]);
      };
      video.requestVideoFrameCallback(onFrame);
    };
    const look = () => {
      for (const video of document.querySelectorAll(selector))
        if (!trail.elements.has(video)) attach(video);
    };
    look();
    trail.timer = setInterval(look, 50);
    return id;
  };
  const samples = (id, from = 0) => trails.get(id).samples.slice(from);
  const unfollow = (id) => {
    const trail = trails.get(id);
    trail.stopped = true;
    clearInterval(trail.timer);
    trails.delete(id);
    return trail.samples;
  };

  // --- sound --------------------------------------------------------------------------------
  /** Live audio tracks of the page's media elements, with whether a person would hear them. */
  const soundTracks = () => {
    const found = [];
    for (const el of new Set([...document.querySelectorAll("audio, video"), ...unseen])) {
      const stream = el.srcObject;
      if (!(stream instanceof MediaStream)) continue;
      for (const track of stream.getAudioTracks())
        if (track.readyState === "live")
          found.push({ track, audible: !el.muted && !el.paused && el.volume > 0 });
    }
    return found;
  };
  let ears = null;
  /** The loudest frequency of the first live track, over about a third of a second. */
  const listen = async ({ audibleOnly = false, remote = true } = {}) => {
    const heard = soundTracks().find(
      (s) => (!audibleOnly || s.audible) && (!remote || !captured.includes(s.track)),
    );
    if (!heard) return null;
    ears = ears || new AudioContext();
    // Neither a context that may not start nor a clock that stands still may hold up the test.
    const late = performance.now() + 3000;
    await Promise.race([ears.resume(), new Promise((done) => setTimeout(done, 3000))]);
    const source = ears.createMediaStreamSource(new MediaStream([heard.track]));
    const analyser = new AnalyserNode(ears, { fftSize: 16384, smoothingTimeConstant: 0 });
    source.connect(analyser);
    const until = ears.currentTime + analyser.fftSize / ears.sampleRate + 0.05;
    while (ears.currentTime < until) {
      if (performance.now() > late) {
        source.disconnect();
        return { hz: 0, rms: 0, audible: heard.audible, clock: `${ears.state} at ${ears.currentTime}` };
      }
      await new Promise((done) => setTimeout(done, 20));
    }
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const wave = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(wave);
    source.disconnect();
    const width = ears.sampleRate / analyser.fftSize;
    let peak = 1;
    for (let i = 2; i < bins.length - 1; i++) if (bins[i] > bins[peak]) peak = i;
    // A parabola through the peak and its neighbours (in dB) finds the tone between two bins.
    const [a, b, c] = [bins[peak - 1], bins[peak], bins[peak + 1]];
    const shift = Number.isFinite(a + b + c) ? (a - c) / (2 * (a - 2 * b + c) || 1) : 0;
    const rms = Math.sqrt(wave.reduce((sum, v) => sum + v * v, 0) / wave.length);
    return { hz: (peak + shift) * width, rms, audible: heard.audible };
  };

  // --- connections --------------------------------------------------------------------------
  const alive = (peer) => peer.connectionState !== "closed";
  /** The selected candidate pairs of all live peer connections. */
  const pairs = async () => {
    const found = [];
    for (const peer of peers.filter(alive)) {
      const stats = await peer.getStats();
      // By the transport where it says so; Firefox marks the pair itself.
      const chosen = new Set();
      for (const s of stats.values())
        if (s.type === "transport" && s.selectedCandidatePairId) chosen.add(s.selectedCandidatePairId);
        else if (s.type === "candidate-pair" && s.selected === true) chosen.add(s.id);
      for (const id of chosen) {
        const pair = stats.get(id);
        const local = stats.get(pair.localCandidateId), remote = stats.get(pair.remoteCandidateId);
        found.push({
          state: peer.connectionState,
          local: local.protocol,
          remote: remote.protocol,
          relay: local.relayProtocol || null,
          local_type: local.candidateType,
          remote_type: remote.candidateType,
          remote_address: remote.address,
          remote_port: remote.port,
        });
      }
    }
    return found;
  };
  /** Sums over the inbound and outbound streams of all live peer connections. */
  const totals = async () => {
    const sum = { framesDecoded: 0, videoBytesIn: 0, audioBytesIn: 0, framesEncoded: 0, widest: 0 };
    for (const peer of peers.filter(alive))
      for (const s of (await peer.getStats()).values()) {
        if (s.type === "inbound-rtp" && s.kind === "video") {
          sum.framesDecoded += s.framesDecoded || 0;
          sum.videoBytesIn += s.bytesReceived || 0;
          sum.widest = Math.max(sum.widest, s.frameWidth || 0);
        } else if (s.type === "inbound-rtp") sum.audioBytesIn += s.bytesReceived || 0;
        else if (s.type === "outbound-rtp" && s.kind === "video")
          sum.framesEncoded += s.framesEncoded || 0;
      }
    return sum;
  };

  const capture = () => ({
    camera: captured.filter((t) => t.kind === "video").map((t) => t.readyState),
    microphone: captured.filter((t) => t.kind === "audio").map((t) => t.readyState),
    watches: watches.size,
    wakeLocks: wakeLocks.filter((l) => !l.released).length,
    peers: peers.filter(alive).length,
  });

  window.__probe = {
    read, follow, samples, unfollow, listen, soundTracks, pairs, totals, capture,
  };
})();
