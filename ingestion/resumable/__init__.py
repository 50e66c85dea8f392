"""Files sent in pieces by the tus protocol (1.0, https://tus.io/protocols/resumable-upload).

    create → receive, as often as the connection is cut → finish: a document like any other

A piece is a file of the storage, whatever the storage is. It counts, and is acknowledged, once the
row of the upload names it: a killed process loses the piece that it was receiving, never one that
was acknowledged. The row changes only if its offset is still the one that the piece begins at, so
that of two requests that send at once one is refused (docs/decisions/052-resumable-uploads.md).
"""
