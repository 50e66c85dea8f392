"""What a start needs: packages, browser libraries, translations, model, static files."""
