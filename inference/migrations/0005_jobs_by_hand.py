from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0004_server_jobs")]
    operations = [
        migrations.AddField(
            "serverjob", "is_manual", models.BooleanField(default=False),
        ),
    ]
