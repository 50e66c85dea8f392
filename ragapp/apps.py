from django.apps import AppConfig


class RagappConfig(AppConfig):
    name = "ragapp"
