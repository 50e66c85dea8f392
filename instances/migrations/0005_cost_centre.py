from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("instances", "0004_across_instances")]
    operations = [
        migrations.AddField(
            model_name=name,
            name="cost_centre",
            field=models.CharField(blank=True, max_length=60, verbose_name="cost centre"),
        )
        for name in ("organisation", "instance")
    ]
