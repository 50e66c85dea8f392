from django.db import migrations

from instances.row_security import ADMINISTERED, KEY, TENANT, USER

# PostgreSQL reads a setting for each row it looks at, unless it stands in a sub-select; then it
# does so once (docs/decisions/010-settings-read-once.md).
_POLICIES_OF_ALL_TABLES = f"""
DO $do$
DECLARE policy record;
BEGIN
  FOR policy IN SELECT tablename, policyname FROM pg_policies WHERE policyname = 'tenant' LOOP
    EXECUTE format($$ALTER POLICY tenant ON %I USING ({TENANT}) WITH CHECK ({TENANT})$$,
                   policy.tablename);
  END LOOP;
  FOR policy IN SELECT tablename, policyname FROM pg_policies WHERE policyname = 'administration'
  LOOP
    EXECUTE format($$ALTER POLICY administration ON %I
                     USING ({ADMINISTERED}) WITH CHECK ({ADMINISTERED})$$, policy.tablename);
  END LOOP;
  FOR policy IN SELECT tablename, policyname FROM pg_policies
    WHERE qual LIKE '%%ragapp.question%%'
  LOOP
    EXECUTE format($$ALTER POLICY %I ON %I
                     USING ((SELECT current_setting('ragapp.question', true)) = %L)$$,
                   policy.policyname, policy.tablename, policy.policyname);
  END LOOP;
END $do$
"""


def _alter(policy: str, table: str, condition: str) -> str:
    return f"ALTER POLICY {policy} ON {table} USING ({condition})"


class Migration(migrations.Migration):
    dependencies = [
        ("instances", "0006_entry"),
        ("accounts", "0004_person_across_instances"),
        ("chat", "0003_across_instances"),
        ("ingestion", "0004_across_instances"),
        ("usage", "0002_row_security"),
    ]
    operations = [
        migrations.RunSQL(
            (
                _POLICIES_OF_ALL_TABLES.replace("%%", "%"),
                _alter("visible", "instances_membership", f"user_id = {USER}"),
                _alter("visible", "instances_apikey", f"digest = {KEY}"),
                _alter("visible", "instances_invitation", f"digest = {KEY}"),
                _alter("visible", "instances_accessrule", f"is_enabled AND {USER} IS NOT NULL"),
                _alter(
                    "key_holder",
                    "instances_membership",
                    "instance_id ="
                    f" (SELECT used.instance_id FROM instances_apikey used WHERE used.digest = {KEY})"
                    " AND user_id ="
                    f" (SELECT used.created_by_id FROM instances_apikey used WHERE used.digest = {KEY})",
                ),
                _alter(
                    "read",
                    "instances_auditentry",
                    f"{TENANT} OR organisation_id ="
                    " (SELECT nullif(current_setting('ragapp.organisation', true), '')::bigint)"
                    " OR (SELECT current_setting('ragapp.operator', true)) = 'on'",
                ),
            ),
            migrations.RunSQL.noop,
        ),
    ]
