"""The map of the site, in the order of the main job."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from callers import api as caller
from callers import demo
from callers import views as callers
from dispatch import health, metrics
from dispatch.calls import webhooks
from dispatch.console import api, views

calls = [
    path("snapshot/", api.Snapshot.as_view(), name="snapshot"),
    path("calls/", api.Calls.as_view(), name="calls"),
    path("calls/<uuid:call_id>/", api.CallDetail.as_view(), name="call"),
    path("calls/<uuid:call_id>/track/", api.Track.as_view(), name="track"),
    path("calls/<uuid:call_id>/resend/", api.Resend.as_view(), name="resend"),
    path("calls/<uuid:call_id>/take-over/", api.TakeOver.as_view(), name="take-over"),
    path("calls/<uuid:call_id>/close/", api.Close.as_view(), name="close"),
    path("calls/<uuid:call_id>/undo-close/", api.UndoClose.as_view(), name="undo-close"),
    path("calls/<uuid:call_id>/show-link/", api.ShowLink.as_view(), name="show-link"),
    path("calls/<uuid:call_id>/revoke-link/", api.RevokeLink.as_view(), name="revoke-link"),
    path("calls/<uuid:call_id>/chat/", api.Chat.as_view(), name="chat"),
    path("calls/<uuid:call_id>/ask/", api.Ask.as_view(), name="ask"),
    path("calls/<uuid:call_id>/seat/", api.Seat.as_view(), name="seat"),
    path("calls/<uuid:call_id>/first-frame/", api.FirstFrame.as_view(), name="first-frame"),
]

urlpatterns = [
    path("", RedirectView.as_view(url="/console/")),
    path("account/", include("dispatch.centres.account_urls")),
    path("console/", views.console, name="console"),
    path("console/history/", views.history, name="history"),
    path("console/history/<uuid:call_id>/", views.history_call, name="history-call"),
    path("api/v1/centres/<slug:slug>/", include(calls)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("demo/phone/", demo.phone, name="demo-phone"),
    path("demo/phone/texts.json", demo.phone_texts, name="demo-texts"),
    path("s/", caller.open_link),
    path("s/<uuid:session_id>/seen", caller.seen),
    path("s/<uuid:session_id>/seat", caller.seat),
    path("s/<uuid:session_id>/tap", caller.tap),
    path("s/<uuid:session_id>/items", caller.items),
    path("s/<uuid:session_id>/poll", caller.poll),
    path("lk/webhook", webhooks.receive),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.show),
    # Last, for any short word is a centre; the words above are refused as short names.
    path("<slug:slug>", callers.page, name="caller-page"),
    path("<slug:slug>/words/<slug:language>.json", callers.words, name="caller-words"),
]
