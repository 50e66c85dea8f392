from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_session_salt")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="is_found_by_email",
            field=models.BooleanField(default=True, editable=False),
        ),
    ]
