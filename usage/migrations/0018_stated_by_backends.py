from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("usage", "0019_transcriptions")]
    operations = [
        migrations.AddField("usagerecord", name, models.FloatField(null=True))
        for name in ("backend_energy_wh", "backend_gco2e", "backend_cost")
    ]
