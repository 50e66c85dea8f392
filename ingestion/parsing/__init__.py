"""From a file of any supported format to a `ParsedDocument`.

Everything here reads untrusted bytes: call it through `ingestion.sandbox`, never in a server.
"""
