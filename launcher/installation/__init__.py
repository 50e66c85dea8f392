"""What a start needs: packages, browser libraries, languages, translations, model, static files."""
