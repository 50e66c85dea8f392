"""OpenTelemetry traces of the two lines, by the GenAI semantic conventions.

- ``spans``: a span as this project describes it, and the attributes of what was recorded;
- ``exporter``: sends spans to the operator's collector, from a thread of each process.

Traces are built when a question or a stage has ended, from the events and records that it left:
nothing is measured for them alone. The trace id is the ``request_id`` of the usage records.
"""
