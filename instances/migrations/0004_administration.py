from django.db import migrations

from instances.row_security import AllowAdministration, EnableRowSecurity

_MAY_READ = (
    "instance_id = nullif(current_setting('ragapp.instance', true), '')::bigint"
    " OR organisation_id = nullif(current_setting('ragapp.organisation', true), '')::bigint"
    " OR current_setting('ragapp.operator', true) = 'on'"
)


class AppendOnly(migrations.RunSQL):
    """Anybody adds to the audit log, few read it, and nobody changes it, its owner included."""

    def __init__(self) -> None:
        super().__init__(
            (
                "ALTER TABLE instances_auditentry ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE instances_auditentry FORCE ROW LEVEL SECURITY",
                "CREATE POLICY add ON instances_auditentry FOR INSERT WITH CHECK (true)",
                f"CREATE POLICY read ON instances_auditentry FOR SELECT USING ({_MAY_READ})",
                "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
                # For each statement: row security would hide the rows before a row trigger fires.
                "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON instances_auditentry"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
            ),
            (
                "DROP TRIGGER append_only ON instances_auditentry",
                "DROP FUNCTION refuse_change",
                "DROP POLICY read ON instances_auditentry",
                "DROP POLICY add ON instances_auditentry",
                "ALTER TABLE instances_auditentry NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE instances_auditentry DISABLE ROW LEVEL SECURITY",
            ),
        )

    def deconstruct(self):
        return type(self).__name__, [], {}


class Migration(migrations.Migration):
    dependencies = [("instances", "0003_self_service")]
    operations = [
        EnableRowSecurity(
            "instances_accessrule",
            # Whoever is logged in may be judged by the rules of any instance.
            also_visible="is_enabled AND nullif(current_setting('ragapp.user', true), '')"
            " IS NOT NULL",
        ),
        EnableRowSecurity(
            "instances_invitation",
            also_visible="digest = current_setting('ragapp.key', true)",
        ),
        AllowAdministration("instances_membership"),
        AllowAdministration("instances_apikey"),
        AllowAdministration("instances_accessrule"),
        AllowAdministration("instances_invitation"),
        AppendOnly(),
    ]
