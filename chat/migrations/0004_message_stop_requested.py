from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_across_instances")]
    operations = [
        migrations.AddField("message", "stop_requested", models.BooleanField(default=False)),
    ]
