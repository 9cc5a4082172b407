/*
 * Runs before every page of the benches and notes when things happen, in ms of the wall clock
 * (performance.timeOrigin + performance.now()). It changes nothing. `probe.js` of the end-to-end
 * tests runs before it.
 *
 *   __marks.at     name → when it first happened (a caller's page)
 *   __marks.first  the first camera frame shown since arm() (a viewer's page)
 */
(() => {
  "use strict";
  if (window.__marks) return;
  const PLACEHOLDER = 64; // px: frames no wider are a warm seat's blank picture
  const at = {};
  const wall = (time = performance.now()) => performance.timeOrigin + time;
  const mark = (name, when = wall()) => (at[name] ??= when);

  // --- the caller's side --------------------------------------------------------------------
  addEventListener("click", (event) => {
    if (event.target.closest?.("#start")) mark("tap", wall(event.timeStamp));
  }, { capture: true });

  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (type === "click" && this.id === "start" && this instanceof HTMLElement) {
      mark("usable");
      // When the code that is running has ended: the page is as ready as it says it is.
      if (window.__tapAtOnce) queueMicrotask(() => this.click());
    }
    return listen.call(this, type, ...rest);
  };

  const cameras = new WeakSet();
  const media = navigator.mediaDevices;
  if (media) {
    const native = media.getUserMedia.bind(media);
    media.getUserMedia = async (constraints) => {
      mark("asked");
      const stream = await native(constraints);
      mark("camera");
      for (const track of stream.getVideoTracks()) cameras.add(track);
      return stream;
    };
  }
  const replace = RTCRtpSender.prototype.replaceTrack;
  RTCRtpSender.prototype.replaceTrack = async function (track) {
    await replace.call(this, track);
    if (track && (cameras.has(track) || at.camera)) mark("handed over");
  };
  for (const name of ["addTrack", "addTransceiver"]) {
    const add = RTCPeerConnection.prototype[name];
    RTCPeerConnection.prototype[name] = function (track, ...rest) {
      if (track instanceof MediaStreamTrack && track.kind === "video" && cameras.has(track))
        mark("handed over");
      return add.call(this, track, ...rest);
    };
  }
  const answer = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function (...args) {
    if (!this.__followed) {
      this.__followed = true;
      listen.call(this, "connectionstatechange", () => {
        if (this.connectionState === "connected") mark("connected");
      });
    }
    await answer.apply(this, args);
    mark("answered");
  };
  window.WebSocket = new Proxy(WebSocket, {
    construct(target, args, self) {
      const socket = Reflect.construct(target, args, self === window.WebSocket ? target : self);
      if (String(args[0]).includes("/rtc")) {
        mark("signalling asked");
        listen.call(socket, "open", () => mark("signalling"));
      }
      return socket;
    },
  });
  /** When what matters among the page's requests was there. */
  const requests = () => {
    for (const entry of performance.getEntriesByType("resource")) {
      const { pathname } = new URL(entry.name);
      if (/livekit/.test(pathname)) mark("media code", wall(entry.responseEnd));
      else if (pathname === "/s/") mark("session", wall(entry.responseEnd));
      else if (/^\/s\/.*\/seat$/.test(pathname)) mark("seat", wall(entry.responseEnd));
      else if (/^\/s\/.*\/tap$/.test(pathname)) mark("tap told", wall(entry.responseEnd));
    }
    return at;
  };

  // --- the viewer's side --------------------------------------------------------------------
  const watched = new WeakSet();
  const marks = { at, requests, first: null, element: 0 };
  const watch = (video) => {
    watched.add(video);
    let wide = null; // the last camera frame, also one that is still covered
    // The console draws a picture only once it knows whose it is.
    const hidden = () => Boolean(document.getElementById("console")) && !video.dataset.publisher;
    const known = () => {
      if (hidden()) return;
      if (!marks.first && video.dataset.publisher) marks.element ||= wall();
      if (wide) requestAnimationFrame(() => take(wall(), wide));
    };
    new MutationObserver(known).observe(video, { attributeFilter: ["data-publisher"] });
    known();
    const onFrame = (_now, frame) => {
      const now = wall();
      if (video.isConnected) video.requestVideoFrameCallback(onFrame);
      else watched.delete(video);
      wide = frame.width > PLACEHOLDER ? frame : null;
      if (wide && !hidden()) take(now, frame);
    };
    const take = (now, frame) => {
      marks.first ??= {
        at: now,
        // The last packet of the frame, where the browser says so.
        received: frame.receiveTime ? wall(frame.receiveTime) : null,
        width: frame.width,
        element: marks.element,
        corners: null,
      };
      // An element that has only just begun may not yet give its picture away: then the next one.
      if (!marks.first.corners && video.readyState >= video.HAVE_CURRENT_DATA)
        Object.assign(marks.first, window.__probe.read(video), { state: video.readyState });
    };
    video.requestVideoFrameCallback(onFrame);
  };
  const look = () => {
    for (const video of document.querySelectorAll("video:not(#own)"))
      if (!watched.has(video)) watch(video);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  marks.arm = () => {
    marks.first = null;
    marks.element = 0;
    look();
  };
  /** By how much this page's clock is ahead of the machine's, ms. */
  marks.skew = () => {
    let least = Infinity;
    for (let turn = 0; turn < 200; turn++) least = Math.min(least, wall() - Date.now());
    return least;
  };
  window.__marks = marks;
})();
