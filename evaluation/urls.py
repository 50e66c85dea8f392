"""URLs of inspection and golden questions, under ``/i/<slug>/evaluation/``."""

from django.urls import path

from evaluation.views import golden, inspection

app_name = "evaluation"
urlpatterns = [
    path("", golden.index, name="golden"),
    path("questions/add/", golden.add, name="golden_add"),
    path("questions/import/", golden.import_list, name="golden_import"),
    path("questions/export.csv", golden.export, name="golden_export"),
    path("questions/<int:golden_id>/", golden.edit, name="golden_edit"),
    path("questions/<int:golden_id>/remove/", golden.remove, name="golden_remove"),
    path("questions/keep/<uuid:message_id>/", golden.keep, name="golden_keep"),
    path("inspect/", inspection.page, name="inspect"),
    path("inspect/<uuid:message_id>/", inspection.answer, name="inspect_answer"),
]
