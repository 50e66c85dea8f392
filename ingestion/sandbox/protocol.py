"""The protocol of the zygote's control socket.

Each request is one byte, sent with three descriptors: the file, a pipe from which the child reads
its `ParseRequest`, and a pipe for its result. The zygote reads none of them, so a child forked for
one tenant's file holds no data of another tenant.
"""

REQUEST = b"p"
DESCRIPTORS = 3
