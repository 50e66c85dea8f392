from django.apps import AppConfig


class IngestionConfig(AppConfig):
    name = "ingestion"

    def ready(self) -> None:
        from ingestion import checks  # noqa: F401 (registers itself)
        from ingestion.upload_names import read_names_of_files

        read_names_of_files()
