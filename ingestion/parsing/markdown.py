from ingestion.parsing.plain import parse
