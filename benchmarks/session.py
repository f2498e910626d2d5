"""One run of the suite, from the choice of workloads to the files that are written."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmarks import clock, contents, documents, history, machine, picture, report, thresholds
from benchmarks.clock import Row, Settings
from benchmarks.peers import COMPILED, MODULES, torch
from benchmarks.suite import Entry, Measurement, Workload


def settings(options: argparse.Namespace) -> Settings:
    if options.quick or options.check:
        return Settings(True, options.check, options.threads, budget=0.03, sample=0.002, rounds=5)
    return Settings(False, False, options.threads, budget=options.seconds)


def measure(entry: Measurement, quick: bool) -> dict[str, Any]:
    values, error = clock.attempt(lambda: dict(entry.measure(quick)))
    bounds = dict(entry.at_most)
    found = {"name": entry.name, "group": entry.group, "unit": entry.unit, "values": values or {}, "at most": bounds}
    return found | {"failures": [error] if error else []}


def collect(entries: tuple[Entry, ...], given: Settings) -> dict[str, Any]:
    """Run all, printing each line as it is known."""
    rows: list[Row] = []
    measurements = []
    exponents = {}
    compiled = any(isinstance(entry, Workload) and COMPILED in entry.builders for entry in entries)
    print(report.heading(compiled))
    group = None
    for entry in entries:
        if entry.group != group:
            group = entry.group
            print(f"\n{group}")
        if isinstance(entry, Measurement):
            if given.threads == 1:
                measurements.append(measure(entry, given.quick))
                print(report.measured(measurements[-1]), *measurements[-1]["failures"], flush=True)
            continue
        own = []
        for size in entry.quick if given.quick else entry.sizes:
            own.append(clock.contest(entry, size, given))
            print(report.line(own[-1].plain(), compiled), flush=True)
        rows += own
        if entry.growth and not given.check:
            fits = {name: clock.exponent(own, name) for name in MODULES}
            exponents[entry.name] = {name: fit for name, fit in fits.items() if fit is not None}
    plain = [row.plain() for row in rows]
    return {"rows": plain, "measurements": measurements, "exponents": exponents, "means": report.means(plain)}


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """The results of a run that happens now."""
    entries = contents.chosen(contents.stated(options.gpu), options.only or [])
    if options.threads > 1:
        entries = tuple(entry for entry in entries if isinstance(entry, Workload) and entry.large)
    if torch:
        torch.set_num_threads(options.threads)
    start = time.perf_counter()
    given = settings(options)
    results = {
        "date": machine.today(),
        "machine": machine.describe(),
        "versions": machine.versions(),
        "settings": {"quick": given.quick, "threads": given.threads, "seconds": given.budget},
    } | collect(entries, given)
    results["requirements"] = [*thresholds.verdicts(results)]
    results["seconds"] = round(time.perf_counter() - start, 1)
    return results


def failures(results: dict[str, Any]) -> list[str]:
    """What did not run, or gave another result than the reference."""
    rows = [f"{row['title']}: {text}" for row in results["rows"] for text in row["failures"]]
    return rows + [f"{m['name']}: {text}" for m in results["measurements"] for text in m["failures"]]


def run(options: argparse.Namespace) -> int:
    """Run, print, write; 1 if results disagree."""
    if options.list:
        for entry in contents.stated(options.gpu):
            print(f"{entry.group}: {entry.name}")
        return 0
    if options.read:
        results = json.loads(options.read.read_text(encoding="utf-8"))
    else:
        print("Microseconds of funcgrad, and how many times as long its peers take (above 1, funcgrad is faster)")
        print(", ".join(f"{name} {version}" for name, version in machine.versions().items()) + "\n")
        results = measured(options)
    if not options.check:
        print(report.summary(results))
    print(f"\n{results['seconds']} seconds")
    write(options, results)
    wrong = failures(results)
    if wrong:
        print("\nFailed:", *wrong, sep="\n  ")
    return 1 if wrong else 0


def write(options: argparse.Namespace, results: dict[str, Any]) -> None:
    """The files that were asked for."""
    if options.compare:
        print(history.comparison(results, json.loads(options.compare.read_text(encoding="utf-8"))))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.save:
        print("saved", history.save(results, options.save))
    if options.picture:
        picture.draw(results, options.picture)
    if options.overview:
        picture.draw(picture.chapters(results), options.overview)
    if options.write_docs:
        page = Path("docs") / "performance.md"
        page.write_text(documents.page(results), encoding="utf-8")
        print("written", page)
