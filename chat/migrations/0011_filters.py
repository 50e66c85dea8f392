from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0010_citation_page_end_label'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='filters',
            field=models.JSONField(null=True),
        ),
    ]
