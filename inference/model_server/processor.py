"""The arithmetic that this machine's processor supports."""

from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}


def precision_hint() -> str:
    """OpenVINO's inference precision: `bf16` where the processor computes it natively, else `f32`.

    bf16 in software would be slower than f32, so OpenVINO is told.
    """
    if not CPU_INFO.is_file():
        return "f32"
    flags = next(
        (line for line in CPU_INFO.read_text().splitlines() if line.startswith("flags")), ""
    )
    return "bf16" if BF16_FLAGS & set(flags.split()) else "f32"
