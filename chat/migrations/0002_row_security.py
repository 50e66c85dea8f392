from django.db import migrations

from instances.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]
    operations = [
        EnableRowSecurity("chat_conversation"),
        EnableRowSecurity("chat_message"),
        EnableRowSecurity("chat_citation"),
        EnableRowSecurity("chat_feedback"),
    ]
