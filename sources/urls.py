"""URLs of sources, under ``/i/<slug>/sources/``."""

from django.urls import path

from sources.views import source, sources

app_name = "sources"
urlpatterns = [
    path("", sources.index, name="list"),
    path("add/<slug:source_kind>/", sources.add, name="add"),
    path("<uuid:source_id>/", source.detail, name="source"),
    path("<uuid:source_id>/edit/", sources.edit, name="edit"),
    path("<uuid:source_id>/progress/", source.progress, name="progress"),
    path("<uuid:source_id>/run/", source.run, name="run"),
    path("<uuid:source_id>/pause/", source.pause, name="pause"),
    path("<uuid:source_id>/resume/", source.resume, name="resume"),
    path("<uuid:source_id>/delete/", source.delete, name="delete"),
]
