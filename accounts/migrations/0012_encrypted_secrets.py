"""Client secrets and id_tokens, kept in clear until now, are encrypted.

A client secret moves into the provider's settings: encrypted, it may be too long for its column.
"""

from typing import Any

from django.db import migrations

from accounts.secrets.encryption import encrypt


def encrypt_secrets(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    applications = apps.get_model("socialaccount", "SocialApp").objects.using(alias)
    for app in applications.filter(provider="openid_connect").exclude(secret=""):
        app.settings = app.settings | {"client_secret": encrypt(app.secret)}
        app.secret = ""
        app.save(update_fields=["settings", "secret"])
    for session in apps.get_model("accounts", "OidcSession").objects.using(alias).all():
        session.id_token = encrypt(session.id_token)
        session.save(update_fields=["id_token"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_one_answer_a_request"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]
    operations = [migrations.RunPython(encrypt_secrets, elidable=True)]
