from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("instances", "0010_audit_seals")]
    operations = [
        migrations.AddField(
            model_name="apikey",
            name="second_factor_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="second_factor_source",
            field=models.CharField(blank=True, max_length=255),
        ),
    ]
