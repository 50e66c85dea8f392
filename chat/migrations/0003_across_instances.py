from django.db import migrations

from instances.row_security import FunctionAcrossInstances


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_row_security")]
    operations = [
        FunctionAcrossInstances(
            "instances_with_silent_answers",
            tables=["chat_message"],
            arguments="silent_since timestamptz",
            returns="instance_id bigint",
            query="SELECT DISTINCT instance_id FROM chat_message"
            " WHERE status = 'streaming' AND updated_at < silent_since",
        ),
    ]
