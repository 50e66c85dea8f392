"""Sign-in (allauth) and oneself."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts import views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("preferences/", views.preferences, name="preferences"),
    # allauth's page would let anybody take anybody's address: nothing verifies it here.
    path("email/", RedirectView.as_view(pattern_name="profile"), name="account_email"),
    path("", include("allauth.urls")),
]
