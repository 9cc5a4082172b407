/**
 * Every sentence the script says; the template holds the rest. Short main clauses, what happens
 * next, no blame. `{centre}` is the centre's name.
 */
const strings = {
  start: "Start video",
  continue: "Continue",
  takeBack: "Use this phone instead",

  connecting: "Connecting…",
  canSee: "Live: staff of {centre} can see you",
  canSeeAndHear: "Live: staff of {centre} can see you and hear you",
  canHear: "Live: {centre} can hear you",
  canFollow: "{centre} sees where you are",
  canRead: "You can write to {centre}",

  micOn: "Turn microphone on",
  micOff: "Turn microphone off",
  you: "You",
  notSent: "Not sent. {reason}",
  sending: "Sending…",

  continueTitle: "Go on with the video",
  continueLead: "Tap the button. {centre} then sees you again.",
  stoppedTitle: "Video is off",
  stoppedLead: "{centre} cannot see or hear you. You can still write.",
  unwatchedTitle: "The video has stopped",
  unwatchedLead: "Nobody at {centre} was watching. Your camera is off. You can still write.",
  stoppedPlace: "{centre} still sees where you are.",
  placeOff: "{centre} no longer follows where you are.",
  takenTitle: "Video now comes from another phone or page",
  takenLead: "This page sends nothing any more.",
  endedTitle: "The call has ended",
  endedLead: "Camera, microphone and position are off. You can close this page.",
  againTitle: "The call is open again",
  againLead: "Tap the button. {centre} then sees you again.",
  deadTitle: "This link does not work any more",
  deadLead: "Ask the person on the phone to send you a new link.",

  offline: "No connection. We keep trying. Stay on this page.",
  waiting: "Your messages and your position wait for a connection. The video goes on.",
  videoDown: "Video does not work right now. You can write, and we keep trying.",
  videoBlocked: "This network does not let the video through. Turn Wi-Fi off if you can. You can write, and we keep trying.",
  cannotSend: "This app cannot send video. Open this link in Safari or Chrome. You can write here.",

  cameraUnanswered:
    "Did your phone ask to use the camera? Tap Allow. If it did not ask, open this link in Safari or Chrome.",
  cameraDenied:
    "Your phone does not let this page use the camera. Allow it in the settings of this page, then tap Try again.",
  cameraDismissed: "The camera is not allowed yet. Tap Try again, then tap Allow.",
  cameraAbsent: "We found no camera. You can still write.",
  cameraBusy: "Another app uses the camera. Close it, then tap Try again.",
  cameraBrowser: "This app cannot use the camera. Open this link in Safari or Chrome.",
  cameraInsecure: "This page cannot use the camera. Ask the person on the phone to send you a new link. You can write here.",
  cameraFailed: "The camera did not start. Tap Try again.",
  cameraPaused: "Your phone has paused the camera. Come back to this page to go on.",
  pictureFrozen: "Your picture stands still. Tap Try again.",
  pictureBlack: "Your picture is black. Is something over the camera?",

  microphoneUnanswered: "Did your phone ask to use the microphone? Tap Allow. Your video goes on.",
  microphoneDenied: "The microphone is off. Your video goes on. Keep talking on the phone.",
  microphoneDismissed: "The microphone is not allowed yet. Your video goes on.",
  microphoneAbsent: "We found no microphone. Your video goes on. Keep talking on the phone.",
  microphoneBusy: "Your phone call uses the microphone. Your video goes on. Keep talking on the phone.",
  microphoneBrowser: "This app cannot use the microphone. Your video goes on.",
  microphoneFailed: "The microphone did not start. Your video goes on.",
  hushed: "{centre} has turned your microphone off.",

  positionUnanswered: "Did your phone ask for your location? Tap Allow. It helps us find you.",
  positionDenied: "Your phone does not say where you are. Tell the person on the phone where you are.",
  positionDismissed: "We do not know where you are yet. Tap Try again, then tap Allow.",
  positionFailed: "Your phone cannot find where you are yet. Tell the person on the phone. We keep trying.",
  positionBrowser: "This app cannot say where you are. Tell the person on the phone where you are.",

  askCamera: "{centre} asks to see again.",
  startCamera: "Start the camera",
  askMicrophone: "{centre} asks to hear you.",
  askFlip: "{centre} asks you to turn the camera around.",
  flip: "Turn camera",
  no: "Not now",

  tryAgain: "Try again",
  tapForSound: "{centre} wants to speak to you.",
  soundOn: "Turn sound on",
} as const;

export type Key = keyof typeof strings;

export function say(key: Key, values: Record<string, string> = {}): string {
  return strings[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}
