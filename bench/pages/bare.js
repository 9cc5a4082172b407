/*
 * The peers that the benches measure against: a page with nothing but livekit-client, and a bare
 * pair of peer connections. Each in the order that was measured as the quickest: everything that
 * does not need the other starts in the tick of the tap.
 */
(() => {
  "use strict";
  // As the caller page asks, so that all open the same devices.
  const ASKS = {
    video: { facingMode: { ideal: "environment" }, width: { ideal: 640 }, height: { ideal: 360 } },
    audio: true,
  };
  const BITRATE = 600_000;
  const own = document.getElementById("own");
  const remote = document.getElementById("remote");
  const start = document.getElementById("start");

  const capture = async () => {
    const stream = await navigator.mediaDevices.getUserMedia(ASKS);
    own.srcObject = new MediaStream(stream.getVideoTracks());
    return stream;
  };
  const show = (track) => {
    remote.srcObject = new MediaStream([track]);
    remote.play().catch(() => undefined);
  };

  // --- livekit-client -----------------------------------------------------------------------
  let room = null;
  const livekit = {
    /** Viewer: in the room, waiting. */
    async view(url, token) {
      const { Room, RoomEvent } = LivekitClient;
      await room?.disconnect();
      room = new Room({ adaptiveStream: false, dynacast: false });
      room.on(RoomEvent.TrackSubscribed, (track) => {
        if (track.kind === "video") track.attach(remote);
      });
      room.on(RoomEvent.TrackUnsubscribed, (track) => track.detach());
      await room.connect(url, token, { rtcConfig: { iceServers: [] } });
    },
    async leave() {
      await room?.disconnect();
      room = null;
    },
    /** Caller: knows where to go, and goes there at the tap. */
    ready(url, token) {
      const { Room, RoomEvent, Track } = LivekitClient;
      room = new Room({
        publishDefaults: {
          simulcast: false,
          videoCodec: "vp8",
          videoEncoding: { maxBitrate: BITRATE, maxFramerate: 30 },
        },
      });
      void room.prepareConnection(url, token);
      start.addEventListener("click", () => {
        const signalled = new Promise((done) => room.once(RoomEvent.SignalConnected, done));
        const captured = capture();
        void room.connect(url, token, { rtcConfig: { iceServers: [] } });
        void Promise.all([captured, signalled]).then(async ([stream]) => {
          const me = room.localParticipant;
          const [camera] = stream.getVideoTracks();
          const [microphone] = stream.getAudioTracks();
          await me.publishTrack(camera, { source: Track.Source.Camera });
          await me.publishTrack(microphone, { source: Track.Source.Microphone });
        });
      }, { once: true });
    },
  };

  // --- a bare pair --------------------------------------------------------------------------
  let peer = null, line = null;
  const dial = (url) =>
    new Promise((done, failed) => {
      line?.close();
      line = new WebSocket(url);
      line.onopen = () => done(line);
      line.onerror = failed;
    });
  const connect = () => {
    peer?.close();
    peer = new RTCPeerConnection();
    peer.onicecandidate = ({ candidate }) => candidate && line.send(JSON.stringify({ candidate }));
    return peer;
  };
  /** One description or candidate after the other, in the order in which they came. */
  const hear = (on) => {
    let turn = Promise.resolve();
    line.onmessage = ({ data }) => (turn = turn.then(() => on(JSON.parse(data))));
  };
  const pair = {
    async view(url) {
      await dial(url);
      connect().ontrack = ({ track }) => track.kind === "video" && show(track);
      hear(async ({ description, candidate }) => {
        if (candidate) return peer.addIceCandidate(candidate);
        await peer.setRemoteDescription(description);
        await peer.setLocalDescription();
        line.send(JSON.stringify({ description: peer.localDescription }));
      });
    },
    async leave() {
      peer?.close();
      line?.close();
    },
    async ready(url) {
      await dial(url);
      start.addEventListener("click", () => {
        connect();
        const video = peer.addTransceiver("video", { direction: "sendonly" });
        const audio = peer.addTransceiver("audio", { direction: "sendonly" });
        hear(({ description, candidate }) =>
          candidate ? peer.addIceCandidate(candidate) : peer.setRemoteDescription(description),
        );
        void capture().then(async (stream) => {
          const [camera] = stream.getVideoTracks();
          const [microphone] = stream.getAudioTracks();
          await Promise.all([
            video.sender.replaceTrack(camera),
            audio.sender.replaceTrack(microphone),
          ]);
        });
        void peer.setLocalDescription().then(() =>
          line.send(JSON.stringify({ description: peer.localDescription })),
        );
      }, { once: true });
    },
  };

  window.bare = { livekit, pair };
})();
