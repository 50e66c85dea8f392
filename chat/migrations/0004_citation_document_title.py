from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_across_instances")]
    operations = [
        migrations.AddField(
            model_name="citation",
            name="document_title",
            field=models.CharField(blank=True, default="", max_length=500),
            preserve_default=False,
        ),
    ]
