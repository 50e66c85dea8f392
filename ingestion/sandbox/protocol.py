"""Constants that both sides of the control socket share."""

import struct

# Each request is its length, sent with the descriptor for the result, then that many bytes.
LENGTH = struct.Struct("!I")
