"""Every sentence the caller's side says, in English: page, script and text message.

A sentence is added here, on one line, and nowhere else; `make messages` then takes it to the
catalogues in `locale/` and to `static/src/caller/english.ts`. `{centre}` is the centre's name;
a name in braces that is itself a key, such as `{allow}`, is that sentence: the button's own word.

How they are written: short main clauses that a frightened person reads at once, what happens
next, no blame, never “error”.
"""

from __future__ import annotations


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues."""
    return sentence


#: What the script says; it gets these with the page.
SCRIPT = {
    # Translators: The main button of the page. It starts the camera.
    "start": _("Start video"),
    # Translators: The main button after a reload of the page. It starts the camera again.
    "continue": _("Continue"),
    # Translators: A button, when the video now comes from another phone.
    "takeBack": _("Use this phone instead"),
    # Translators: As the phone's browser names the button that permits the camera.
    "allow": _("Allow"),
    "connecting": _("Connecting…"),
    "canSee": _("Live: staff of {centre} can see you"),
    "canSeeAndHear": _("Live: staff of {centre} can see you and hear you"),
    "canHear": _("Live: {centre} can hear you"),
    "canFollow": _("{centre} sees where you are"),
    "canRead": _("You can write to {centre}"),
    # Translators: A button. The microphone is off now.
    "micOn": _("Turn microphone on"),
    # Translators: A button. The microphone is on now.
    "micOff": _("Turn microphone off"),
    # Translators: Above a message that the person wrote.
    "you": _("You"),
    # Translators: Below a message that is on its way.
    "sending": _("Sending…"),
    # Translators: Below a message that was not taken, as are the next three.
    "notSent": _("Not sent. Say it on the phone."),
    "notSentTooLong": _("Not sent. The message is too long. Write a shorter one."),
    "notSentTooMany": _("Not sent. Wait a minute, then write it again."),
    "notSentEnded": _("Not sent. The call has ended."),
    "continueTitle": _("Go on with the video"),
    "continueLead": _("Tap the button. {centre} then sees you again."),
    "stoppedTitle": _("Video is off"),
    "stoppedLead": _("{centre} cannot see or hear you. You can still write."),
    "stoppedPlace": _("{centre} still sees where you are."),
    "placeOff": _("{centre} no longer follows where you are."),
    "takenTitle": _("Video now comes from another phone or page"),
    "takenLead": _("This page sends nothing any more."),
    "endedTitle": _("The call has ended"),
    "endedLead": _("Camera, microphone and location are off. You can close this page."),
    "againTitle": _("The call is open again"),
    "againLead": _("Tap the button. {centre} then sees you again."),
    "deadTitle": _("This link does not work any more"),
    # Translators: “On the phone”: the dispatcher, to whom the caller is speaking.
    "deadLead": _("Ask the person on the phone to send you a new link."),
    "offline": _("No connection. We keep trying. Stay on this page."),
    "waiting": _("Your messages and your location wait for a connection. The video goes on."),
}

#: What the script says later than in its first moment; it fetches these.
LATER = {
    # Translators: A button. It asks for the camera once more.
    "tryAgain": _("Try again"),
    "tapForSound": _("{centre} wants to speak to you."),
    # Translators: A button.
    "soundOn": _("Turn sound on"),
    "waiting": _("Your messages and your location wait for a connection. The video goes on."),
    "videoDown": _("Video does not work right now. You can write, and we keep trying."),
    "videoBlocked": _(
        "This network does not let the video through. Turn Wi-Fi off if you can. "
        "You can write, and we keep trying."
    ),
    "cannotSend": _(
        "This app cannot send video. Open this link in Safari or Chrome. You can write here."
    ),
    "cameraUnanswered": _(
        "Did your phone ask to use the camera? Tap {allow}. "
        "If it did not ask, open this link in Safari or Chrome."
    ),
    "cameraDenied": _(
        "Your phone does not let this page use the camera. "
        "Allow it in the settings of this page, then tap {tryAgain}."
    ),
    "cameraDismissed": _("The camera is not allowed yet. Tap {tryAgain}, then tap {allow}."),
    "cameraAbsent": _("We found no camera. You can still write."),
    "cameraBusy": _("Another app uses the camera. Close it, then tap {tryAgain}."),
    "cameraBrowser": _("This app cannot use the camera. Open this link in Safari or Chrome."),
    "cameraInsecure": _(
        "This page cannot use the camera. Ask the person on the phone to send you a new link. "
        "You can write here."
    ),
    "cameraFailed": _("The camera did not start. Tap {tryAgain}."),
    "cameraPaused": _("Your phone has paused the camera. Come back to this page to go on."),
    "pictureFrozen": _("Your picture stands still. Tap {tryAgain}."),
    "pictureBlack": _("Your picture is black. Is something over the camera?"),
    "microphoneUnanswered": _(
        "Did your phone ask to use the microphone? Tap {allow}. Your video goes on."
    ),
    # Translators: The person speaks to the dispatcher on the phone anyway, as in the next ones.
    "microphoneDenied": _("The microphone is off. Your video goes on. Keep talking on the phone."),
    "microphoneDismissed": _("The microphone is not allowed yet. Your video goes on."),
    "microphoneAbsent": _("We found no microphone. Your video goes on. Keep talking on the phone."),
    "microphoneBusy": _(
        "Your phone call uses the microphone. Your video goes on. Keep talking on the phone."
    ),
    "microphoneBrowser": _("This app cannot use the microphone. Your video goes on."),
    "microphoneFailed": _("The microphone did not start. Your video goes on."),
    "hushed": _("{centre} has turned your microphone off."),
    "positionUnanswered": _(
        "Did your phone ask for your location? Tap {allow}. It helps us find you."
    ),
    "positionDenied": _(
        "Your phone does not say where you are. Tell the person on the phone where you are."
    ),
    "positionDismissed": _("We do not know where you are yet. Tap {tryAgain}, then tap {allow}."),
    "positionFailed": _(
        "Your phone cannot find where you are yet. Tell the person on the phone. We keep trying."
    ),
    "positionBrowser": _(
        "This app cannot say where you are. Tell the person on the phone where you are."
    ),
    "unwatchedTitle": _("The video has stopped"),
    "unwatchedLead": _("Nobody at {centre} was watching. Your camera is off. You can still write."),
    "askCamera": _("{centre} asks to see again."),
    # Translators: A button.
    "startCamera": _("Start the camera"),
    "askMicrophone": _("{centre} asks to hear you."),
    "askFlip": _("{centre} asks you to turn the camera around."),
}

#: What stands in the page itself; the script gets these only with another language.
PAGE = {
    "introTitle": _("Show us what you see"),
    "introLead": _("Your phone will ask to use the camera. Tap {allow}."),
    # Translators: In the drawing of the question that the phone will ask.
    "prompt": _("Camera and microphone?"),
    # Translators: As the phone's browser names the button that refuses the camera.
    "block": _("Block"),
    "noScript": _(
        "This page does not start in this browser. Open the link in Safari or Chrome. "
        "If that does not help, say on the phone: “The page does not start.”"
    ),
    # Translators: A button. The dispatcher no longer sees the caller's position.
    "placeStop": _("Stop showing where I am"),
    # Translators: Read aloud by screen readers: the name of the list of messages.
    "messages": _("Messages"),
    # Translators: Read aloud by screen readers: the name of the field for a message.
    "message": _("Message"),
    # Translators: In the empty field for a message.
    "messageHint": _("Write a message"),
    # Translators: A button. It sends the message.
    "send": _("Send"),
    # Translators: A button for those who cannot or will not show video.
    "cannot": _("Can’t use video? Write instead"),
    # Translators: A button.
    "stop": _("Stop video"),
    # Translators: A button. It changes from the camera at the back to the one at the front.
    "flip": _("Turn camera"),
    # Translators: A button. The person does not want to do what was asked for.
    "no": _("Not now"),
    # Translators: Read aloud by screen readers: the name of the choice of languages.
    "languages": _("Language"),
}

#: The text message with the link, and the page of an address that is nobody's.
ELSEWHERE = {
    # Translators: The text message. {centre} comes first and {link} last. A language that can be
    # written in the letters of GSM 03.38 (no á, í, ó, ú; é and ñ are there) should keep to them:
    # other letters make the text cost more, and more likely to arrive in pieces.
    "text": _("{centre}: show us what you see. Open this link: {link}"),
    # Translators: The text message where there is no room for the centre's name.
    "textShort": _("Show us what you see: {link}"),
    # Translators: In the place of a centre's name that cannot be written in a text message.
    "textSender": _("Emergency services"),
    "unknownTitle": _("This link does not work"),
    "unknownLead": _("Ask the person on the phone to send you a new link."),
}

ENGLISH = {**SCRIPT, **LATER, **PAGE, **ELSEWHERE}
