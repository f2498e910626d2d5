"""What `import funcgrad` costs beside `import numpy`: the least of some fresh processes, in milliseconds of CPU.

The exit status is 1 if it adds more than is required. Run it by ``python -m benchmarks.importing``.
"""

import resource
import subprocess
import sys

AT_MOST = 100.0
ROUNDS = 10
PROGRAMS = {
    "numpy": "import numpy",
    "numpy and funcgrad": "import numpy, funcgrad",
    "a first gradient": "import numpy as np, funcgrad as fg; fg.grad(lambda x: np.sum(x * np.sin(x)))(np.ones(3))",
    "a first tensor": "import numpy, funcgrad as fg; (fg.ones(3, requires_grad=True) ** 2).sum().backward()",
    "a first module": "import numpy, funcgrad as fg; fg.nn.Linear(3, 2)(fg.ones(3)).sum().backward()",
    "every name": "import numpy; from funcgrad import *",
}


def cost(program: str) -> float:
    """Return the CPU time of a fresh process that runs a program, in milliseconds."""
    before = spent()
    subprocess.run([sys.executable, "-c", program], check=True)
    return 1e3 * (spent() - before)


def spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    costs = {title: float("inf") for title in PROGRAMS}
    for _ in range(ROUNDS):
        for title, program in PROGRAMS.items():
            costs[title] = min(costs[title], cost(program))
    for title, milliseconds in costs.items():
        print(f"{title:20} {milliseconds:6.0f} ms")
    added = costs["numpy and funcgrad"] - costs["numpy"]
    print(f"import funcgrad adds {added:.0f} ms (at most {AT_MOST:.0f} are allowed)")
    return int(added > AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
