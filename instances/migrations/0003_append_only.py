from django.db import migrations

# Triggers of statements: row security would hide the rows before a trigger of rows fires.


def refuse(name: str, events: str, table: str) -> migrations.RunSQL:
    """Make ``events`` on ``table`` fail, for its owner too."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {events} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("instances", "0002_row_security")]
    operations = [
        migrations.RunSQL(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
            "DROP FUNCTION refuse_change",
        ),
        refuse("append_only", "UPDATE OR DELETE", "instances_auditentry"),
        refuse("append_only_truncate", "TRUNCATE", "instances_auditentry"),
        refuse("append_only", "UPDATE OR DELETE", "instances_auditseal"),
        refuse("append_only_truncate", "TRUNCATE", "instances_auditseal"),
    ]
