"""
junit.xml and cucumber.json, as pytest and pytest-bdd write them: their groups, and their merging.

A test case's class is the group of its first requirement (``ISE`` of ``ISE-02``), which CI servers
show as a folder. Its properties are its requirements, its compliance case, the seed, the system
under test, and the line of its feature.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

JUNIT, CUCUMBER = "junit.xml", "cucumber.json"
_SUMS = ("errors", "failures", "skipped", "tests")


def set_groups(path: Path) -> None:
    """Name the class of each test case after the group of its first requirement."""
    tree = ElementTree.parse(path)
    for case in tree.iter("testcase"):
        for one in case.iterfind("properties/property[@name='requirement']"):
            case.set("classname", one.get("value", "").partition("-")[0])
            break
    _write(path, tree)


def merge_junit(paths: Sequence[Path], target: Path, order: Mapping[str, int]) -> None:
    """
    Make one junit.xml of several.

    Parameters:
        paths: files of one suite each; at least one.
        target: where the one goes.
        order: the number of each test in the whole run, by its name.
    """
    trees = [ElementTree.parse(path) for path in paths]
    suites = [suite for tree in trees for suite in tree.iter("testsuite")]
    whole = suites[0]
    cases = sorted(
        (case for suite in suites for case in suite.iterfind("testcase")),
        key=lambda case: order.get(case.get("name", ""), 0),
    )
    for name in _SUMS:
        whole.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    whole.set("time", f"{max(float(suite.get('time', '0')) for suite in suites):.3f}")
    whole.set("timestamp", min(suite.get("timestamp", "") for suite in suites))
    for case in whole.findall("testcase"):
        whole.remove(case)
    whole.extend(cases)
    _write(target, trees[0])
    set_groups(target)


def _write(path: Path, tree: ElementTree.ElementTree[ElementTree.Element]) -> None:
    tree.write(path, encoding="utf-8", xml_declaration=True)


def merge_cucumber(paths: Iterable[Path], target: Path, order: Mapping[str, int]) -> None:
    """Make one cucumber.json of several; see `merge_junit`."""
    features: dict[str, dict[str, Any]] = {}
    for path in paths:
        for feature in json.loads(path.read_text(encoding="utf-8")):
            known = features.setdefault(feature["uri"], feature)
            if known is not feature:
                known["elements"] += feature["elements"]

    def number(element: dict[str, Any]) -> int:
        return order.get(element["id"], 0)

    for feature in features.values():
        feature["elements"].sort(key=number)
    merged = sorted(features.values(), key=lambda feature: number(feature["elements"][0]))
    target.write_text(json.dumps(merged), encoding="utf-8")
