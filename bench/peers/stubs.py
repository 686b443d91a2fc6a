"""Empty stand-ins for packages that Open Bandit Pipeline imports but does not need for estimators and replay."""

import sys
from importlib.util import find_spec

UNNEEDED = ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "matplotlib", "matplotlib.pyplot", "seaborn")


class _Stub(type):
    """An empty class whose every attribute is another one: enough for annotations, base classes and isinstance."""

    def __getattr__(cls, name: str) -> "_Stub":
        if name.startswith("__"):
            raise AttributeError(name)
        inner = _Stub(name, (), {})
        setattr(cls, name, inner)
        return inner


def stub_unneeded() -> None:
    """Puts a stand-in into sys.modules for each of UNNEEDED that is not installed; call it before importing obp."""
    absent = [name for name in UNNEEDED if find_spec(name.partition(".")[0]) is None]
    for name in absent:
        package, _, part = name.rpartition(".")
        stub = getattr(sys.modules[package], part) if package else _Stub(name, (), {})
        sys.modules[name] = stub  # type: ignore[assignment]
