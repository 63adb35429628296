"""A framework at another version: a worker that finds that version first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
from packaging.version import Version

from rnn_adapters.registry import load_framework
from rnn_conformance.running.environments import Environment, NotInstallable, environment, released_versions
from rnn_conformance.running.messages import Job
from rnn_conformance.running.npm_environments import (
    NpmEnvironment,
    npm_environment,
    npm_released_versions,
)
from rnn_conformance.running.process import Stop, Worker
from rnn_reference.errors import BadInput


def package_of(adapter: str, timeout: float, stop: Stop) -> str:
    """The package whose version is that of a framework: the first that its adapter names.

    Raises:
        BadInput: the adapter cannot be checked here, or names none.
        Stopped: the run was told to stop.
    """
    if (npm := load_framework(adapter).npm) is not None:
        return npm.package
    with Worker(Job(adapter, []), stop) as worker:
        versions = worker.start(timeout).versions
    if not versions:
        raise BadInput(f"--package: adapter {adapter!r} names no package whose versions could be tried")
    return next(iter(versions))


def releases_of(adapter: str, package: str) -> list[str]:
    """All final releases of a package of a framework, the oldest first.

    Raises:
        NotInstallable: none can be found.
    """
    found = released_versions if load_framework(adapter).npm is None else npm_released_versions
    return found(package)


def requirements_at(package: str, version: str, beside: tuple[str, ...]) -> tuple[str, ...]:
    """What is installed for a version of a package: itself, and what stands beside it.

    Args:
        beside: requirements, in which {version} stands for that of the package.
    """
    return f"{package}=={version}", *(each.replace("{version}", version) for each in beside)


def worker_at(job: Job, packages: tuple[str, ...], timeout: float, stop: Stop, cache: Path | None) -> Worker:
    """A started worker that finds these packages first; who gets it ends it.

    They are put before what is installed here; where that does not work, with all that they require. npm's
    always come with that.

    Args:
        packages: requirements; those of the form NAME==VERSION are what the adapter must then name.

    Raises:
        BadInput: they cannot be installed, the adapter cannot be checked with them, or other versions came.
        Stopped: the run was told to stop.
    """
    problems = list[str]()
    for install in _ways(job.adapter, packages, cache):
        try:
            installed = install()
        except NotInstallable as error:
            problems.append(str(error))
            continue
        stop.check()
        worker = Worker(msgspec.structs.replace(job, variables=installed.variables | job.variables), stop)
        try:
            _check_versions(packages, worker.start(timeout).versions)
        except BadInput as error:
            worker.end()
            problems.append(str(error))
        except BaseException:
            worker.end()
            raise
        else:
            return worker
    raise BadInput(problems[0])


def _ways(
    adapter: str, packages: tuple[str, ...], cache: Path | None
) -> Iterator[Callable[[], Environment | NpmEnvironment]]:
    if (npm := load_framework(adapter).npm) is not None:
        yield partial(npm_environment, npm, packages, cache)
        return
    for whole in (False, True):
        yield partial(environment, packages, whole=whole, cache=cache)


def _check_versions(packages: tuple[str, ...], found: dict[str, str]) -> None:
    for package in packages:
        name, _, wanted = package.partition("==")
        name = name.rpartition("/")[2]  # npm's scope
        if wanted and name in found and Version(found[name]).public != Version(wanted).public:
            raise BadInput(f"{package} was installed; the adapter found {name} {found[name]}")
