from django.db import migrations

from instances.row_security import FunctionAcrossInstances


class Migration(migrations.Migration):
    dependencies = [("instances", "0003_append_only")]
    operations = [
        FunctionAcrossInstances(
            "instances_with_ended_memberships",
            tables=["instances_membership"],
            returns="instance_id bigint",
            query="SELECT DISTINCT instance_id FROM instances_membership"
            " WHERE expires_at <= now() ORDER BY 1",
        ),
        FunctionAcrossInstances(
            "instances_open_to_organisation",
            tables=["instances_accessrule"],
            arguments="organisation bigint",
            returns="instance_id bigint",
            query="SELECT DISTINCT instance_id FROM instances_accessrule"
            " WHERE is_enabled AND organisation = ANY (organisation_ids) ORDER BY 1",
        ),
    ]
