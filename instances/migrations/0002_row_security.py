from django.db import migrations

from instances.row_security import KEY, TENANT, USER, AllowAdministration, EnableRowSecurity

ORGANISATION = "(SELECT nullif(current_setting('ragapp.organisation', true), '')::bigint)"
OPERATOR = "(SELECT current_setting('ragapp.operator', true)) = 'on'"

# A key ends with the membership of the person who created it: whoever holds the key may read that
# one row.
MEMBERSHIP_OF_KEY = (
    f"instance_id = (SELECT used.instance_id FROM instances_apikey used WHERE used.digest = {KEY})"
    f" AND user_id = (SELECT used.created_by_id FROM instances_apikey used WHERE used.digest = {KEY})"
)


class Migration(migrations.Migration):
    dependencies = [("instances", "0001_initial")]
    operations = [
        EnableRowSecurity("instances_membership", also_visible=f"user_id = {USER}"),
        EnableRowSecurity("instances_apikey", also_visible=f"digest = {KEY}"),
        EnableRowSecurity("instances_invitation", also_visible=f"digest = {KEY}"),
        # The rules of every instance are evaluated for each person who logs in.
        EnableRowSecurity("instances_accessrule", also_visible=f"is_enabled AND {USER} IS NOT NULL"),
        AllowAdministration("instances_membership"),
        AllowAdministration("instances_apikey"),
        AllowAdministration("instances_accessrule"),
        AllowAdministration("instances_invitation"),
        migrations.RunSQL(
            f"CREATE POLICY key_holder ON instances_membership FOR SELECT USING ({MEMBERSHIP_OF_KEY})",
            "DROP POLICY key_holder ON instances_membership",
        ),
        # Every session may add an entry to the audit log; administrators read those of their own.
        migrations.RunSQL(
            (
                "ALTER TABLE instances_auditentry ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE instances_auditentry FORCE ROW LEVEL SECURITY",
                "CREATE POLICY add ON instances_auditentry FOR INSERT WITH CHECK (true)",
                "CREATE POLICY read ON instances_auditentry FOR SELECT"
                f" USING ({TENANT} OR organisation_id = {ORGANISATION} OR {OPERATOR})",
            ),
            (
                "DROP POLICY read ON instances_auditentry",
                "DROP POLICY add ON instances_auditentry",
                "ALTER TABLE instances_auditentry NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE instances_auditentry DISABLE ROW LEVEL SECURITY",
            ),
        ),
    ]
