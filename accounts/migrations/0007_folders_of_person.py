from importlib import import_module

from django.db import migrations

_sources = import_module("accounts.migrations.0005_sources_of_person")
_uploads = import_module("accounts.migrations.0006_uploads_of_person")
_before = _sources._function(_uploads._AFTER)
_AFTER = [*_uploads._AFTER, ("chat_conversationfolder", "user_id")]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_uploads_of_person"),
        ("chat", "0015_folders"),
    ]
    operations = [
        migrations.RunSQL(_before.reverse_sql, _before.sql),
        _sources._function(_AFTER),
    ]
