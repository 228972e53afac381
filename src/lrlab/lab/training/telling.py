"""Libraries that only report progress (bars, logs): their counters affect training only if the code reads them."""

from __future__ import annotations

from typing import Any

_LIBRARIES: tuple[str, ...] = (
    *("logging", "tqdm", "rich", "wandb", "tensorboard", "tensorboardX", "mlflow", "aim", "comet_ml", "matplotlib"),
    *("torch.utils.tensorboard", "torch.profiler", "lrlab.lab", "warnings", "_py_warnings", "_pytest", "click"),
    *("torch._dynamo", "torch._inductor", "torch._functorch"),  # compilers
)


def tells(kind: type[Any]) -> bool:
    """Whether the type belongs to such a library.

    >>> import logging
    >>> tells(logging.Logger), tells(int)
    (True, False)
    """
    home = str(kind.__module__)
    return not home.startswith("lrlab.lab.tasks") and any(
        home == each or home.startswith(f"{each}.") for each in _LIBRARIES
    )
