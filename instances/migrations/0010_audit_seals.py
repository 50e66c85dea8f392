from django.db import migrations, models


def refuse(name: str, events: str, table: str) -> migrations.RunSQL:
    """Let a trigger refuse these events on a table (``refuse_change`` is in 0004_administration)."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {events} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("instances", "0009_words_for_operators")]
    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="target_kind",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditentry", name="target_id", field=models.BigIntegerField(null=True)
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.UUIDField(unique=True)),
                ("sealed_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=64)),
            ],
            options={"ordering": ["number"]},
        ),
        refuse("append_only_truncate", "TRUNCATE", "instances_auditentry"),
        refuse("append_only", "UPDATE OR DELETE", "instances_auditseal"),
        refuse("append_only_truncate", "TRUNCATE", "instances_auditseal"),
    ]
