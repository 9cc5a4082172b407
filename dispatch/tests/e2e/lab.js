/* The lab page: a loopback call between two peer connections, and an intruder into a room. */
(() => {
  "use strict";

  const show = (stream, id) => {
    const video = document.createElement("video");
    video.id = id;
    video.autoplay = true;
    video.playsInline = true;
    video.srcObject = stream;
    video.style.cssText = "width:320px;height:180px";
    document.body.append(video);
    return video.play().catch(() => {});
  };

  /** Camera and microphone through a bare pair of peer connections; shows #remote. */
  const loopback = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, height: { ideal: 360 } },
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    const near = new RTCPeerConnection(), far = new RTCPeerConnection();
    near.onicecandidate = (event) => far.addIceCandidate(event.candidate || undefined);
    far.onicecandidate = (event) => near.addIceCandidate(event.candidate || undefined);
    const arrived = new MediaStream();
    far.ontrack = (event) => arrived.addTrack(event.track);
    for (const track of stream.getTracks()) near.addTrack(track, stream);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    await show(arrived, "remote");
  };

  /**
   * Enters a room with somebody's token and tries for everything in it. Returns what the room
   * let it see after `ms`; the caller of this script judges.
   */
  const intrude = async (url, token, ms) => {
    const { Room, RoomEvent } = window.LivekitClient;
    const room = new Room({ adaptiveStream: false, dynacast: false });
    const got = { subscribed: 0, published: 0, refused: 0, data: 0, widest: 0 };
    room.on(RoomEvent.TrackSubscribed, (track) => {
      got.subscribed++;
      const video = track.attach();
      document.body.append(video);
    });
    room.on(RoomEvent.TrackSubscriptionPermissionChanged, (_publication, status) => {
      if (status !== "subscribed") got.refused++;
    });
    room.on(RoomEvent.DataReceived, () => got.data++);
    await room.connect(url, token, { autoSubscribe: true, rtcConfig: { iceServers: [] } });
    const grab = () => {
      for (const person of room.remoteParticipants.values())
        for (const publication of person.trackPublications.values()) {
          got.published++;
          publication.setSubscribed(true);
          if (publication.kind === "video") publication.setVideoQuality?.(2);
        }
    };
    const until = performance.now() + ms;
    while (performance.now() < until) {
      got.published = 0;
      grab();
      for (const video of document.querySelectorAll("video"))
        got.widest = Math.max(got.widest, video.videoWidth);
      await new Promise((done) => setTimeout(done, 200));
    }
    got.people = room.remoteParticipants.size;
    got.totals = await window.__probe.totals();
    await room.disconnect();
    return got;
  };

  window.lab = { show, loopback, intrude };
})();
