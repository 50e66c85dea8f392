from ingestion.parsing.plain import parse as parse_text, parse as parse_spreadsheet, parse as parse_presentation
