import uuid

import django.db.models.deletion
from django.db import migrations, models

from instances.row_security import EnableRowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0011_filters'),
        ('instances', '0014_reserved_totals'),
    ]

    operations = [
        migrations.CreateModel(
            name='SharedConversation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('shared_at', models.DateTimeField(auto_now=True)),
                ('conversation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='shared', to='chat.conversation')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
                ('leaf', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.message')),
            ],
            options={
                'abstract': False,
            },
        ),
        EnableRowSecurity("chat_sharedconversation"),
    ]
