from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("instances", "0010_batch_keys")]
    operations = [
        migrations.AddField(
            "organisation",
            "guards_names",
            models.BooleanField(default=False, verbose_name="names of persons"),
        ),
    ]
