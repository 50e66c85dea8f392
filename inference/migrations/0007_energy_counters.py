import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0006_queue_turns")]
    operations = [
        migrations.AddField(
            "backend",
            "metrics_urls",
            models.TextField(blank=True, default="", max_length=2000, verbose_name="counters of vLLM"),
            preserve_default=False,
        ),
        migrations.AddField(
            "backend",
            "energy_urls",
            models.TextField(
                blank=True, default="", max_length=2000, verbose_name="counters of energy (DCGM)"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "backend",
            "energy_gpus",
            models.CharField(
                blank=True, default="", max_length=1000, verbose_name="graphics cards"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "backend",
            "host_watts",
            models.FloatField(
                default=0.0,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(1000000),
                ],
                verbose_name="power of the servers without graphics cards (W)",
            ),
        ),
    ]
