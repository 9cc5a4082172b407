"""The pages of one's own account: signing in and out, and changing the password.

Only these of allauth's: accounts are made by administrators, and a forgotten password is
replaced by them, so there is no sign-up, no e-mail confirmation and no reset to abuse.
"""

from __future__ import annotations

from allauth.account import views
from django.urls import path

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
]
