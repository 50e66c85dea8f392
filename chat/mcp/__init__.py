"""``/mcp/<slug>``: an instance as a server of the Model Context Protocol (decision 061).

``endpoint`` answers one message a request and keeps nothing between two; ``protocol`` reads and
writes messages; each tool is a ``Tool`` of its own module.
"""
