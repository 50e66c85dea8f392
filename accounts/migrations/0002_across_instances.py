from django.db import migrations

from instances.row_security import FunctionAcrossInstances

# Every column of a tenant table that names a person (tests/accounts/users/test_erasure.py).
_COLUMNS = [
    ("chat_conversation", "user_id"),
    ("chat_feedback", "user_id"),
    ("ingestion_document", "uploaded_by_id"),
    ("instances_apikey", "created_by_id"),
    ("instances_invitation", "created_by_id"),
    ("instances_invitation", "accepted_by_id"),
    ("instances_membership", "user_id"),
    ("usage_usagerecord", "user_id"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("chat", "0002_row_security"),
        ("ingestion", "0002_row_security"),
        ("instances", "0002_row_security"),
        ("usage", "0002_row_security"),
    ]
    operations = [
        FunctionAcrossInstances(
            "instances_of_person",
            tables=sorted({table for table, _column in _COLUMNS}),
            arguments="person bigint",
            returns="instance_id bigint",
            query=" UNION ".join(
                f"SELECT instance_id FROM {table} WHERE {column} = person"
                for table, column in _COLUMNS
            )
            + " ORDER BY 1",
        ),
    ]
