"""Write down the rows of the table of cases that CuPy cannot run: ``python tests/cupy_rooms/make_gaps.py``.

A row is a gap if it fails on the strict stand-in in one of the laws about devices. The laws run gaps on the stand-in
that does everything that NumPy does. Run it again after an adapter has been written: the list must get shorter.
"""

import re
import subprocess
import sys
from pathlib import Path

GAPS = Path(__file__).with_name("gaps.txt")
TESTS = Path(__file__).parents[1] / "test_laws.py"


def failing() -> set[str]:
    """Return the rows that fail in a law about devices."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-rf", "-k", "on_the_device"]
    done = subprocess.run([*command, str(TESTS), *sys.argv[1:]], capture_output=True, text=True, check=False)
    found = re.findall(r"^FAILED [^\[]*\[(.*)\](?: - .*)?$", done.stdout, re.MULTILINE)
    return {re.sub(r"-(forward_of|reverse_of)$", "", row).removesuffix("-complex") for row in found}


if __name__ == "__main__":
    before = GAPS.read_text() if GAPS.exists() else ""
    GAPS.write_text("")
    try:
        rows = failing()
    except BaseException:
        GAPS.write_text(before)
        raise
    GAPS.write_text("".join(f"{row}\n" for row in sorted(rows)))
    print(f"{len(rows)} rows, {len(before.splitlines())} before")
