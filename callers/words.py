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
    "endedLead": _("Camera, microphone and position are off. You can close this page."),
    "againTitle": _("The call is open again"),
    "againLead": _("Tap the button. {centre} then sees you again."),
    "deadTitle": _("This link does not work any more"),
    # Translators: “On the phone”: the dispatcher, to whom the caller is speaking.
    "deadLead": _("Ask the person on the phone to send you a new link."),
    "offline": _("No connection. We keep trying. Stay on this page."),
    "waiting": _("Your messages and your position wait for a connection. The video goes on."),
    "videoDown": _("Video does not work right now. You can write, and we keep trying."),
    "askedNothing": _(
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
    "cameraFailed": _("The camera did not start. Tap {tryAgain}."),
    "cameraPaused": _("Your phone has paused the camera. Come back to this page to go on."),
    "noMicrophone": _("The microphone is off. Your video goes on."),
    # Translators: A button. It asks for the camera once more.
    "tryAgain": _("Try again"),
    "tapForSound": _("{centre} wants to speak to you."),
    # Translators: A button.
    "soundOn": _("Turn sound on"),
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
        "This page cannot start without JavaScript. "
        "Tell the person on the phone: “The page does not start.”"
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

ENGLISH = {**SCRIPT, **PAGE, **ELSEWHERE}
