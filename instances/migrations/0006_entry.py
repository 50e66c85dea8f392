from django.db import migrations, models

from instances.row_security import AskAcrossInstances

_KEY = "nullif(current_setting('ragapp.key', true), '')"


class Migration(migrations.Migration):
    dependencies = [("instances", "0005_deletion")]
    operations = [
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=~models.Q(role="admin"), name="no_administrator_by_invitation"
            ),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                fields=["expires_at"],
                name="membership_end",
                condition=models.Q(expires_at__isnull=False),
            ),
        ),
        # A key ends with its person's membership: whoever holds the key may see that one row.
        migrations.RunSQL(
            "CREATE POLICY key_holder ON instances_membership FOR SELECT USING ("
            f"{_KEY} IS NOT NULL AND EXISTS (SELECT FROM instances_apikey AS used"
            f" WHERE used.digest = {_KEY}"
            " AND used.instance_id = instances_membership.instance_id"
            " AND used.created_by_id = instances_membership.user_id))",
            "DROP POLICY key_holder ON instances_membership",
        ),
        AskAcrossInstances(
            "instances_with_ended_memberships",
            tables=["instances_membership"],
            returns="instance_id bigint",
            query="SELECT DISTINCT instance_id FROM instances_membership"
            " WHERE expires_at <= now() ORDER BY 1",
        ),
        AskAcrossInstances(
            "instances_open_to_organisation",
            tables=["instances_accessrule"],
            arguments="organisation bigint",
            returns="instance_id bigint",
            query="SELECT DISTINCT instance_id FROM instances_accessrule"
            " WHERE is_enabled AND organisation = ANY (organisation_ids) ORDER BY 1",
        ),
    ]
