"""How well an instance answers: inspection of a question, golden questions, runs, held changes."""
