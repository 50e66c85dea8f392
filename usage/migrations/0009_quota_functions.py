from django.db import migrations

from instances.row_security import TENANT, EnableRowSecurity, FunctionAcrossInstances

# The counters of one instance are visible inside it; those of a person or of an organisation, in
# several instances, are numbers without content and visible in all.
_VISIBLE = f"instance_id IS NULL OR {TENANT}"
_COUNTERS = [
    "ALTER TABLE usage_quotacounter ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE usage_quotacounter FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant ON usage_quotacounter USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})",
]


def _cascade(table: str, column: str, to: str) -> migrations.RunSQL:
    """A foreign key whose rows the database deletes, whatever the tenant."""
    name = f"{table}_{column}_cascade"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column})"
        f" REFERENCES {to} (id) ON DELETE CASCADE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("usage", "0008_quotas")]
    operations = [
        _cascade("usage_quotacounter", "quota_id", "usage_quota"),
        _cascade("usage_quotacharge", "counter_id", "usage_quotacounter"),
        migrations.RunSQL(
            _COUNTERS,
            [
                "DROP POLICY tenant ON usage_quotacounter",
                "ALTER TABLE usage_quotacounter NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE usage_quotacounter DISABLE ROW LEVEL SECURITY",
            ],
        ),
        EnableRowSecurity("usage_quotacharge"),
        FunctionAcrossInstances(
            "instances_with_expired_charges",
            tables=["usage_quotacharge"],
            arguments="at timestamptz",
            returns="instance_id bigint",
            query=(
                "SELECT DISTINCT instance_id FROM usage_quotacharge"
                " WHERE reserved > 0 AND expires_at < at OR expires_at < at - interval '2 days'"
            ),
        ),
    ]
