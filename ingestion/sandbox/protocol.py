"""What both ends of the zygote's control socket know.

Each request is one byte, sent with three descriptors: the file, a pipe from which the child reads
its `ParseRequest`, and a pipe for its result. The zygote itself reads none of them, so that what is
forked for one tenant's file has seen nothing of another's.
"""

REQUEST = b"p"
DESCRIPTORS = 3
