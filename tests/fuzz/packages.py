"""Targets: the container of an evidence package, its parts, and the judge over packages with one changed."""

from __future__ import annotations

from forensics.errors import PackageInvalid
from forensics.package import eventcheck
from forensics.package.asicmanifest import parse, render
from forensics.package.container import read_container, write_container
from forensics.package.judge import judge_package, open_package
from forensics.package.manifest import MANIFEST, read_manifest
from tests.fuzz.target import Target
from tests.support.packaging import NOW, masked_package, package, resealed, trust, zipped

SIGNATURE, TOKEN = "META-INF/signature001.p7s", "META-INF/timestamp002.tst"
SIGNED = "META-INF/ASiCManifest002.xml"
REFUSED = (PackageInvalid,)


def _container(data: bytes) -> None:
    files = read_container(data)
    del files["mimetype"]
    assert read_container(write_container(files)).keys() >= files.keys()


def _asic_manifest(data: bytes) -> None:
    assert render(parse(data, SIGNED)) == data


def _events(data: bytes) -> None:
    events = eventcheck.read_events(data)
    eventcheck.check_chains(events)
    eventcheck.check_commitments(events)
    files = read_container(package())
    eventcheck.read_leaves(files[eventcheck.LEAVES], files[eventcheck.PLACES], events)


def _salts(data: bytes) -> None:
    files = read_container(package())
    eventcheck.check_salts(data, eventcheck.read_events(files[eventcheck.EVENTS]))


def _judged(data: bytes) -> None:
    judge_package(data, trust(), now=NOW)


def _with(path: str) -> Target:
    """The judge over a package whose file of that path is the input."""
    files = read_container(package())

    def run(data: bytes) -> None:
        judge_package(zipped({**files, path: data}), trust(), now=NOW)

    name = path.rpartition("/")[2].partition(".")[0]
    return Target(f"package_with_{name}", run, (), (files[path],), ("forensics.package",))


def targets() -> tuple[Target, ...]:
    """Of this module."""
    files = read_container(package())
    whole = (package(), masked_package(), zipped(resealed(files)))
    modules = ("forensics.package",)
    xml = tuple(data for path, data in files.items() if path.endswith(".xml"))
    return (
        Target("package_container", _container, REFUSED, whole, modules),
        Target("package_opened", open_package, REFUSED, whole, modules),
        Target("package_judged", _judged, (), whole, modules),
        Target("package_manifest", read_manifest, REFUSED, (files[MANIFEST],), modules),
        Target("package_asic_manifest", _asic_manifest, REFUSED, xml, modules),
        Target("package_events", _events, REFUSED, (files[eventcheck.EVENTS],), modules),
        Target("package_salts", _salts, REFUSED, (files[eventcheck.SALTS],), modules),
        *map(_with, (SIGNATURE, TOKEN, SIGNED, eventcheck.LEAVES, eventcheck.PLACES)),
    )
