"""URLs of inspection and golden questions, under ``/i/<slug>/evaluation/``."""

from django.urls import path

from evaluation.views import changes, comparison, golden, inspection, runs, versions

app_name = "evaluation"
urlpatterns = [
    path("", golden.index, name="golden"),
    path("questions/add/", golden.add, name="golden_add"),
    path("questions/import/", golden.import_list, name="golden_import"),
    path("questions/export.csv", golden.export, name="golden_export"),
    path("questions/<int:golden_id>/", golden.edit, name="golden_edit"),
    path("questions/<int:golden_id>/remove/", golden.remove, name="golden_remove"),
    path("questions/keep/<uuid:message_id>/", golden.keep, name="golden_keep"),
    path("runs/", runs.index, name="runs"),
    path("runs/start/", runs.start, name="run_start"),
    path("runs/<uuid:run_id>/", runs.detail, name="run"),
    path("runs/<uuid:run_id>/progress/", runs.progress, name="run_progress"),
    path("runs/<uuid:run_id>/cancel/", runs.cancel, name="run_cancel"),
    path("comparison/", comparison.index, name="comparisons"),
    path("comparison/<uuid:group>/", comparison.detail, name="comparison"),
    path("changes/", changes.index, name="changes"),
    path("changes/calibrate/", changes.calibrate, name="calibrate"),
    path("changes/<int:change_id>/", changes.detail, name="change"),
    path("changes/<int:change_id>/decide/", changes.decide, name="change_decide"),
    path("versions/<uuid:document_id>/", versions.detail, name="version"),
    path("versions/<uuid:document_id>/decide/", versions.decide, name="version_decide"),
    path("inspect/", inspection.page, name="inspect"),
    path("inspect/golden/<int:golden_id>/", inspection.golden, name="inspect_golden"),
    path("inspect/<uuid:message_id>/", inspection.answer, name="inspect_answer"),
]
