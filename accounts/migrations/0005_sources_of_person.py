from django.db import migrations

from instances.row_security import FunctionAcrossInstances

# Every column of a tenant table that names a person (tests/accounts/users/test_erasure.py).
_BEFORE = [
    ("chat_conversation", "user_id"),
    ("chat_feedback", "user_id"),
    ("ingestion_document", "uploaded_by_id"),
    ("instances_apikey", "created_by_id"),
    ("instances_invitation", "created_by_id"),
    ("instances_invitation", "accepted_by_id"),
    ("instances_membership", "user_id"),
    ("usage_usagerecord", "user_id"),
    ("evaluation_evaluationrun", "created_by_id"),
    ("evaluation_heldchange", "requested_by_id"),
    ("evaluation_heldchange", "decided_by_id"),
]
_AFTER = [
    *_BEFORE,
    ("sources_source", "created_by_id"),
    ("sources_sourcerun", "created_by_id"),
]


def _function(columns: list[tuple[str, str]]) -> FunctionAcrossInstances:
    return FunctionAcrossInstances(
        "instances_of_person",
        tables=sorted({table for table, _column in columns}),
        arguments="person bigint",
        returns="instance_id bigint",
        query=" UNION ".join(
            f"SELECT instance_id FROM {table} WHERE {column} = person" for table, column in columns
        )
        + " ORDER BY 1",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_changes_of_person"),
        ("sources", "0001_initial"),
    ]
    operations = [
        migrations.RunSQL(_function(_BEFORE).reverse_sql, _function(_BEFORE).sql),
        _function(_AFTER),
    ]
