"""The staff API: everything the console does. Each door parses, asks access, calls one function."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from callers import invites, links, locations, qr
from callers.models import LastPosition
from dispatch.calls import cards, chat, numbers, requests, seats, services
from dispatch.calls.access import call_for
from dispatch.calls.models import Call
from dispatch.centres.access import centre_for, scope
from dispatch.centres.models import Centre, User
from dispatch.centres.permissions import Action
from dispatch.console import serializers as shapes
from dispatch.console import snapshot
from dispatch.errors import DomainError
from dispatch.feed import replay

#: Largest request the API takes, in bytes; a chat message is far smaller.
BODY_LIMIT = 256_000


class CentreView(APIView):
    """A door of one centre: the address names it, the table of permissions opens it."""

    #: What each method is, in the table of permissions.
    actions: ClassVar[dict[str, Action]]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is too large before anything reads it."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_LIMIT:
            raise DomainError("This is too large to send.", code="too_long", status=413)
        super().initial(request, *args, **kwargs)

    def centre(self, request: Request) -> Centre:
        return centre_for(request.user, self.kwargs["slug"], self.actions[str(request.method)])

    def person(self, request: Request) -> User:
        """Who asks: never anonymous here, for every door needs a signed-in person."""
        return cast(User, request.user)

    def read(self, request: Request, shape: type[Any]) -> dict[str, Any]:
        """The checked body of the request. Raises ValidationError."""
        serializer = shape(data=request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data


class Snapshot(CentreView):
    actions: ClassVar = {"GET": Action.CALLS_READ}

    @extend_schema(responses=shapes.SnapshotResponse)
    def get(self, request: Request, slug: str) -> Response:
        """The board as a fresh socket gets it."""
        centre = self.centre(request)
        with scope(centre, snapshot=True):
            return Response(replay.snapshot(centre.stream, snapshot.items()))


class Calls(CentreView):
    actions: ClassVar = {"GET": Action.CALLS_READ, "POST": Action.CALLS_SEND}

    @extend_schema(
        operation_id="v1_centres_calls_list",
        parameters=[OpenApiParameter("state", enum=["open", "closed"])],
        responses=shapes.CallListResponse,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Open calls, or the newest hundred closed ones."""
        closed = request.query_params.get("state") == "closed"
        with scope(self.centre(request)):
            found = Call.objects.select_related("owner", "publisher")
            if closed:
                calls = found.filter(state=Call.State.CLOSED).order_by("-closed_at")[:100]
            else:
                calls = found.filter(state=Call.State.OPEN).order_by("opened_at")
            return Response({"results": [cards.centre_card(call) for call in calls]})

    @extend_schema(request=shapes.SendLinkRequest, responses={201: shapes.SentResponse})
    def post(self, request: Request, slug: str) -> Response:
        """Open a call and send its link, once per command. 409 with the open call if any."""
        centre = self.centre(request)
        asked = self.read(request, shapes.SendLinkRequest)
        number = numbers.parse(asked["number"], country=centre.country)
        with scope(centre):
            call, text = invites.send_link(
                centre=centre,
                owner=self.person(request),
                number=number,
                language=asked.get("language") or centre.language,
                command=asked.get("command"),
                another=asked["new"],
            )
            answer = {"call": cards.centre_card(call), "text": invites.body(text)}
        return Response(answer, status=201)


class CallView(CentreView):
    """A door of one call."""


class CallDetail(CallView):
    actions: ClassVar = {"GET": Action.CALLS_READ}

    @extend_schema(responses=shapes.CallDetailResponse)
    def get(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Everything about one call."""
        with scope(self.centre(request), snapshot=True):
            call = call_for(call_id)
            found: dict[str, list[Any]] = {}
            for item in snapshot.items(Call.objects.filter(pk=call.pk)):
                found.setdefault(item["kind"], []).append(item["body"])
            last = LastPosition.objects.filter(call=call).first()
            return Response(
                {
                    "call": found["call"][0],
                    "texts": found.get("text", []),
                    "links": found.get("link", []),
                    "sessions": found.get("session", []),
                    "events": found.get("event", []),
                    "chat": found.get("chat", []),
                    "requests": found.get("request", []),
                    "position": locations.value(last)["body"] if last else None,
                }
            )


class Track(CallView):
    actions: ClassVar = {"GET": Action.CALLS_READ}

    @extend_schema(responses=shapes.TrackResponse)
    def get(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Where the caller was, oldest first."""
        with scope(self.centre(request), snapshot=True):
            return Response({"fixes": locations.thinned(call_for(call_id))})


class Resend(CallView):
    actions: ClassVar = {"POST": Action.CALLS_SEND}

    @extend_schema(request=None, responses=shapes.SentResponse)
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Send the link again."""
        with scope(self.centre(request)):
            call = call_for(call_id)
            text = invites.resend(call, user=self.person(request))
            return Response({"call": cards.centre_card(call), "text": invites.body(text)})


class TakeOver(CallView):
    actions: ClassVar = {"POST": Action.CALLS_ACT}

    @extend_schema(request=None, responses=shapes.CallResponse)
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Become the owner."""
        with scope(self.centre(request)):
            return _card(services.take_over(call_for(call_id), user=self.person(request)))


class Close(CallView):
    actions: ClassVar = {"POST": Action.CALLS_ACT}

    @extend_schema(request=None, responses=shapes.CallResponse)
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Close the call: the room goes, the caller reads goodbye."""
        with scope(self.centre(request)):
            return _card(services.close(call_for(call_id), user=self.person(request)))


class UndoClose(CallView):
    actions: ClassVar = {"POST": Action.CALLS_ACT}

    @extend_schema(request=None, responses=shapes.CallResponse)
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Open a call again within ten minutes of its closing."""
        with scope(self.centre(request)):
            return _card(services.undo_close(call_for(call_id), user=self.person(request)))


class ShowLink(CallView):
    actions: ClassVar = {"POST": Action.CALLS_ACT}

    @extend_schema(request=None, responses=shapes.ShownLinkResponse)
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """The call's link and its QR code, for a phone near this screen. It is recorded."""
        with scope(self.centre(request)):
            link = links.show(call_for(call_id), user=self.person(request))
        return Response(
            {"link": link, "qr_svg": qr.svg(link)}, headers={"Cache-Control": "no-store"}
        )


class RevokeLink(CallView):
    actions: ClassVar = {"POST": Action.CALLS_ACT}

    @extend_schema(request=None, responses=shapes.CallResponse)
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Make the link useless and put out whoever came by it."""
        with scope(self.centre(request)):
            call = call_for(call_id)
            if links.revoke(call, user=self.person(request)):
                services.put_out(call)
            return _card(call_for(call_id))


class Chat(CallView):
    actions: ClassVar = {"POST": Action.CALLS_ACT}

    @extend_schema(request=shapes.ChatRequest, responses={201: shapes.ChatResponse})
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Write to the caller."""
        asked = self.read(request, shapes.ChatRequest)
        with scope(self.centre(request)):
            message = chat.post(
                call_for(call_id),
                text=asked["text"],
                key=str(asked["command"]),
                user=self.person(request),
            )
            return Response({"chat": chat.body(message)}, status=201)


class Ask(CallView):
    actions: ClassVar = {"POST": Action.CALLS_ACT}

    @extend_schema(request=shapes.AskRequest, responses={201: shapes.AskResponse})
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """Ask the caller's page for its camera, its microphone, the other camera, or quiet."""
        asked = self.read(request, shapes.AskRequest)
        with scope(self.centre(request)):
            made = requests.ask(
                call_for(call_id),
                what=asked["what"],
                command=asked["command"],
                user=self.person(request),
            )
            return Response({"request": requests.body(made)}, status=201)


class Seat(CallView):
    actions: ClassVar = {"POST": Action.CALLS_WATCH}

    @extend_schema(request=shapes.SeatRequest, responses=shapes.SeatResponse)
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """A place in the call's room, to see and hear the caller."""
        asked = self.read(request, shapes.SeatRequest)
        centre = self.centre(request)
        with scope(centre):
            participant = seats.participant(
                call=call_for(call_id), kind="staff", boot=asked["boot"], user=self.person(request)
            )
        return Response(seats.seat(centre=centre, participant_id=participant.pk).as_body())


class FirstFrame(CallView):
    actions: ClassVar = {"POST": Action.CALLS_WATCH}

    @extend_schema(request=shapes.FirstFrameRequest, responses={204: None})
    def post(self, request: Request, slug: str, call_id: UUID) -> Response:
        """A console drew the caller's camera."""
        asked = self.read(request, shapes.FirstFrameRequest)
        with scope(self.centre(request)):
            services.first_frame(
                call_for(call_id), identity=asked["identity"], user=self.person(request)
            )
        return Response(status=204)


def _card(call: Call) -> Response:
    return Response({"call": cards.centre_card(call_for(call.pk))})
