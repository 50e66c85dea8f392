import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_one_spelling_of_user_names")]
    operations = [
        # They live for a minute, and do not say which request they answer.
        migrations.RunSQL("DELETE FROM accounts_samlpost", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="samlpost",
            name="request",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="post",
                to="accounts.samlrequest",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="samlrequest",
            name="browser_digest",
            field=models.CharField(db_index=True, max_length=64),
        ),
    ]
