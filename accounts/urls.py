"""Addresses of the pages about access."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("setup/<str:code>/", views.setup, name="setup"),
    path("profile/", views.profile, name="profile"),
    path("profile/appearance/", views.appearance, name="appearance"),
    path("profile/password/", views.password, name="password"),
    path("profile/tokens/new/", views.token_create, name="token-create"),
    path("profile/tokens/<int:token_id>/revoke/", views.token_revoke, name="token-revoke"),
]
