"""URLs of the documents' pages, under ``/i/<slug>/``."""

from django.urls import path

from ingestion.views import (
    changes,
    document,
    documents,
    metadata,
    page_pictures,
    recordings,
    resumable_uploads,
    selection,
)

app_name = "documents"
urlpatterns = [
    path("documents/", documents.document_list, name="list"),
    path("documents/events/", documents.events, name="events"),
    path("documents/picker/", documents.picker, name="picker"),
    path("documents/picker/group/", documents.picked_group, name="picked_group"),
    path("documents/upload/", changes.upload, name="upload"),
    path("documents/uploads/", resumable_uploads.collection, name="resumable_uploads"),
    path("documents/uploads/<uuid:upload_id>/", resumable_uploads.upload, name="resumable_upload"),
    path(
        "documents/uploads/<uuid:upload_id>/finish/",
        resumable_uploads.finish,
        name="resumable_upload_finish",
    ),
    path("documents/folder/", selection.folder, name="folder"),
    path("documents/bulk/", selection.bulk, name="bulk"),
    path("documents/<uuid:document_id>/", document.document, name="detail"),
    path("documents/<uuid:document_id>/pages/<int:number>/", document.page, name="page"),
    path(
        "documents/<uuid:document_id>/pages/<int:number>/picture",
        page_pictures.picture,
        name="picture",
    ),
    path(
        "documents/<uuid:document_id>/pages/<int:number>/words", page_pictures.words, name="words"
    ),
    path("documents/<uuid:document_id>/file", document.file, name="file"),
    path("documents/<uuid:document_id>/captions", recordings.captions, name="captions"),
    path("documents/<uuid:document_id>/title/", metadata.retitle, name="title"),
    path("documents/<uuid:document_id>/sensitivity/", metadata.classify, name="sensitivity"),
    path("documents/<uuid:document_id>/metadata/", metadata.describe, name="metadata"),
    path("documents/<uuid:document_id>/restore/", changes.restore, name="restore"),
    path("documents/<uuid:document_id>/retry/", changes.retry, name="retry"),
    path("documents/<uuid:document_id>/cancel/", changes.cancel, name="cancel"),
    path("documents/<uuid:document_id>/delete/", selection.delete, name="delete"),
]
