from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0012_shared_conversations'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='has_attachments',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
