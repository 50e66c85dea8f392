"""Conversations as files, their citations as notes.

- ``transcript``: the selected branch, its sources numbered from the first answer to the last;
- ``markdown_tree``: the text of an answer as a tree in which citations are nodes;
- ``markdown_file``, ``word_file`` (with ``word_notes``), ``pdf_file``: the transcript in a format;
- ``bibliography``: the cited documents as BibTeX and as CSL-JSON;
- ``json_file``: all branches, for programs.
"""
