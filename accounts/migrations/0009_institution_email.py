from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_words_for_operators")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="institution_email",
            field=models.EmailField(blank=True, default="", editable=False, max_length=254),
        ),
    ]
