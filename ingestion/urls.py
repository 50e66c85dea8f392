"""URLs of the documents' pages, under ``/i/<slug>/``."""

from django.urls import path

from ingestion import views, views_changes, views_document

app_name = "documents"
urlpatterns = [
    path("documents/", views.document_list, name="list"),
    path("documents/events/", views.events, name="events"),
    path("documents/picker/", views.picker, name="picker"),
    path("documents/upload/", views_changes.upload, name="upload"),
    path("documents/bulk/", views_changes.bulk, name="bulk"),
    path("documents/<uuid:document_id>/", views_document.document, name="detail"),
    path("documents/<uuid:document_id>/pages/<int:number>/", views_document.page, name="page"),
    path("documents/<uuid:document_id>/file", views_document.file, name="file"),
    path("documents/<uuid:document_id>/retry/", views_changes.retry, name="retry"),
    path("documents/<uuid:document_id>/cancel/", views_changes.cancel, name="cancel"),
    path("documents/<uuid:document_id>/delete/", views_changes.delete, name="delete"),
]
