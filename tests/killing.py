"""A process that ends at one of its changes of the disk: what stands then has to be sound."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

STEPS = (
    *((Path, name) for name in ("write_bytes", "replace", "rename", "unlink", "rmdir", "mkdir")),
    *((shutil, name) for name in ("rmtree", "copytree")),
)


class Killed(BaseException):
    """The process ends here."""


class Death:
    """Ends the process at its n-th change of the disk: that one is half done or not begun, none comes after it."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int):
        self.left, self.dead = at, False
        for owner, name in STEPS:
            patch.setattr(owner, name, self._counted(name, getattr(owner, name)))

    def _counted(self, name: str, real: Callable) -> Callable:
        def step(*args, **kwargs):
            self.left -= 1
            if self.left < 0 and not self.dead:
                self.dead = True
                if name == "write_bytes":
                    real(args[0], args[1][: len(args[1]) // 2])
            if self.dead:
                raise Killed
            return real(*args, **kwargs)

        return step
