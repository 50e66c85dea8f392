"""User names in one spelling, and none that looks like an address without having been proved."""

import logging
import unicodedata

import django.contrib.auth.validators
import django.db.models.functions.text
from django.db import migrations, models

import instances.usernames

logger = logging.getLogger(__name__)

_MAX_CHARS = 150
_SCOPED_IDENTIFIERS = (
    "subject-id",
    "pairwise-id",
    "eduPersonUniqueId",
    "eduPersonPrincipalName",
)


def rename(apps, schema_editor):
    """Of two people whose names differ by case an operator, else the older account, keeps it.

    Each name that changes is logged: whoever logs in with a password must be told the new one.
    """
    database = schema_editor.connection.alias
    users = apps.get_model("accounts", "User").objects.using(database)
    logins = apps.get_model("socialaccount", "SocialAccount").objects.using(database)
    proved = {
        (user_id, str(said.get("identifier", "")).lower())
        for user_id, said in logins.filter(provider="saml").values_list("user_id", "extra_data")
        if isinstance(said, dict) and said.get("identifier_type") in _SCOPED_IDENTIFIERS
    }
    people = list(users.order_by("-is_staff", "pk").values_list("pk", "username"))
    names, taken = {}, set()
    for pk, username in people:
        names[pk] = _free(_wanted(username, is_proved=(pk, username.lower()) in proved), taken)
        taken.add(names[pk])
    changed = [(pk, old) for pk, old in people if names[pk] != old]
    for pk, _old in changed:
        # A new name may still be another row's old one.
        users.filter(pk=pk).update(username=f"\N{REPLACEMENT CHARACTER}{pk}")
    for pk, old in changed:
        users.filter(pk=pk).update(username=names[pk])
        logger.warning("the user name %r of account %d is now %r", old, pk, names[pk])


def _wanted(username, *, is_proved):
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).lower())
    if not is_proved:
        text = text.partition("@")[0]
    return text[:_MAX_CHARS] or "user"


def _free(wanted, taken):
    """``wanted``, or its part before an ``@`` with a number that makes it nobody else's."""
    number, name, stem = 1, wanted, wanted.partition("@")[0]
    while name in taken:
        number += 1
        name = f"{stem[: _MAX_CHARS - 10]}-{number}"
    return name


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_institution_email"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]
    operations = [
        migrations.RunPython(rename, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="username",
            field=instances.usernames.UsernameField(
                error_messages={"unique": "This user name is taken. Choose another."},
                max_length=150,
                unique=True,
                validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                verbose_name="user name",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="first_name",
            field=models.CharField(
                blank=True,
                max_length=150,
                validators=[instances.usernames.validate_not_an_address],
                verbose_name="first name",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="last_name",
            field=models.CharField(
                blank=True,
                max_length=150,
                validators=[instances.usernames.validate_not_an_address],
                verbose_name="last name",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                django.db.models.functions.text.Lower("email"), name="user_by_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("username"),
                name="one_user_name_in_any_case",
                violation_error_message="This user name is taken. Choose another.",
            ),
        ),
    ]
