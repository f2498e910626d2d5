"""What derivatives cost: funcgrad beside NumPy written by hand and beside its peers.

Every workload is written once for each library in that library's own idiom. The results are compared before anything is
timed; the contestants take turns in one process, with one thread unless more are asked for. Ratios are of minima.
The exit status is 1 if results disagree, and never depends on a time.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.machine import restart_with


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--quick", action="store_true", help="small sizes and few rounds: shows that everything runs")
    add("--check", action="store_true", help="compare the results at small sizes and time nothing")
    add("--only", nargs="+", metavar="WORD", help="workloads whose group or name contains one of these")
    add("--gpu", action="store_true", help="also the workloads of a GPU, with CuPy")
    add("--list", action="store_true", help="print the names and stop")
    add("--threads", type=int, default=1, metavar="N", help="run the large workloads with N threads")
    add("--seconds", type=float, default=1.0, help="time for each contestant of a row (default: 1)")
    add("--json", type=Path, metavar="FILE", help="write the results to FILE")
    add("--from", type=Path, dest="read", metavar="FILE", help="read results from FILE instead of measuring")
    add("--picture", type=Path, metavar="FILE", help="draw the ratios")
    add("--overview", type=Path, metavar="FILE", help="draw the geometric means of the chapters")
    add("--save", metavar="NAME", help="add to the history in .benchmarks, which pytest-benchmark compares too")
    add("--compare", type=Path, metavar="FILE", help="beside an earlier run: a file of --save or --json")
    add("--write-docs", action="store_true", help="write docs/performance.md")
    return parser.parse_args(arguments)


def main() -> int:
    options = parsed(sys.argv[1:])
    restart_with(options.threads, sys.argv[1:])
    status: int = import_module("benchmarks.session").run(options)  # only now: NumPy reads the threads when imported
    return status


if __name__ == "__main__":
    sys.exit(main())
