from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0005_jobs_by_hand")]
    operations = [
        migrations.AddField(
            "modelrules",
            "queue_turns",
            models.PositiveSmallIntegerField(
                default=1,
                validators=[MinValueValidator(1), MaxValueValidator(100)],
                verbose_name="turns in the queue",
            ),
        ),
    ]
