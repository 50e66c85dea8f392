"""Measure what recording an answer adds, and whether estimates hold; print JSON.

    python -m bench.usage.recording [--answers 400]

- The time to reserve the quotas of a question (none, then four), and to record its three requests
  (answer, rewriting, search) with the settlement of the quotas, in the transaction that saves its
  message; with it, the processor time, and that of the calculation of its footprint alone. One
  question after the other, on a running site that is otherwise idle.
- Answers of random lengths and speeds are recorded one after the other; the share of them whose
  energy lies in the range that was shown before (``usage.estimates``), after the first twenty.
"""

import argparse

from bench.stack import running_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=400)
    options = parser.parse_args()
    with running_stack() as stack:
        script = f"from bench.usage.measures import measure; measure({stack.tenancy.slug!r}, "
        print(stack.shell(script + f"{options.answers})"))


if __name__ == "__main__":
    main()
