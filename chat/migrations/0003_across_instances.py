from django.db import migrations, models

from instances.row_security import AskAcrossInstances


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0002_row_security"),
        ("instances", "0004_administration"),
    ]
    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("status", "streaming")),
                fields=["updated_at"],
                name="message_being_written",
            ),
        ),
        AskAcrossInstances(
            "instances_with_silent_answers",
            tables=["chat_message"],
            arguments="silent_since timestamptz",
            returns="instance_id bigint",
            query="SELECT DISTINCT instance_id FROM chat_message"
            " WHERE status = 'streaming' AND updated_at < silent_since",
        ),
    ]
