from importlib import import_module

from django.db import migrations

_sources = import_module("accounts.migrations.0005_sources_of_person")
_before = _sources._function(_sources._AFTER)
_AFTER = [
    *_sources._AFTER,
    ("ingestion_indexgeneration", "requested_by_id"),
    ("ingestion_resumableupload", "uploaded_by_id"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_sources_of_person"),
        ("ingestion", "0015_models_of_indexes"),
    ]
    operations = [
        migrations.RunSQL(_before.reverse_sql, _before.sql),
        _sources._function(_AFTER),
    ]
