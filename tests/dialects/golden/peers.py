"""The libraries' own code as the reference: their scheduler files, loaded alone, with stand-ins for their imports.

    python tests/dialects/golden/peers.py FOLDER      # writes tests/dialects/golden/*.json

FOLDER holds the unpacked distributions that `SOURCES` names (pip download --no-deps). Nothing of a library is kept in
this repository but the values that its code computed, in tests/dialects/golden, which `test_golden.py` holds against
the imports. `curve(library, given, updates)` is the LR of each update, up to where the library raises.
"""

import contextlib
import dataclasses
import importlib
import importlib.util
import json
import os
import random
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCES = {  # library: what was unpacked, and the file in it
    "fairseq": ("fairseq 0.12.2", "fairseq/fairseq/optim/lr_scheduler"),
    "deepspeed": ("deepspeed 0.19.8", "deepspeed-0.19.8/deepspeed/runtime/lr_schedules.py"),
    "megatron": ("megatron-core 0.16.1", "megatron_core/megatron/core/optimizer_param_scheduler.py"),
    "composer": ("mosaicml 0.32.1", "mosaicml/composer/optim/scheduler.py"),
    "olmo": ("ai2-olmo-core 3.0.0", "ai2_olmo_core/olmo_core/optim/scheduler.py"),
    "torchtitan": ("torchtitan 0.3.0", "torchtitan/torchtitan/components/optimizer/lr_scheduler.py"),
    "timm": ("timm 1.0.31", "timm-1.0.31/timm/scheduler"),
    "fvcore": ("fvcore 0.1.5.post20221221", "fvcore-0.1.5.post20221221/fvcore/common/param_scheduler.py"),
}
GOLDEN = Path(__file__).parent
ROWS, POINTS = 40, 40
RAISES = (ArithmeticError, ValueError, AssertionError, KeyError, RuntimeError)


@contextlib.contextmanager
def standing_in(**modules: Any) -> Iterator[None]:
    """Modules of these dotted names (with _ for .) for as long as something is loaded."""
    before = {name: module for name, module in sys.modules.items()}
    for name, content in modules.items():
        module = types.ModuleType(name.replace("__", "."))
        module.__path__ = []  # type: ignore[attr-defined]  # a package, so that more can stand in it
        module.__dict__.update(content)
        sys.modules[module.__name__] = module
    try:
        yield
    finally:
        for name in set(sys.modules) - set(before):
            if name.partition(".")[0] in {n.partition("__")[0] for n in modules}:
                del sys.modules[name]
        sys.modules.update({n: m for n, m in before.items() if n in sys.modules})


def loaded(path: Path, name: str) -> Any:
    """One file as a module of a name."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Quiet:
    """A logger that says nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


class Peers:
    """The libraries' schedulers, each loaded when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.modules = folder, {}  # type: ignore[var-annotated]

    def module(self, library: str) -> Any:
        """The library's own code."""
        if library not in self.modules:
            self.modules[library] = getattr(self, f"_{library}")(self.folder / SOURCES[library][1])
        return self.modules[library]

    def curve(self, library: str, given: dict[str, Any], updates: int) -> list[float]:
        """The LR of each update, as the library's trainer asks for it."""
        seen: list[float] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            at = getattr(self, f"_ask_{library}")(self.module(library), given, updates)
            with contextlib.suppress(*RAISES):
                for t in range(updates):
                    seen.append(float(at(t)))
        return seen

    # -- fairseq: trainer.begin_epoch asks for update 0, train_step for each further one

    def _fairseq(self, path: Path) -> Any:
        class FairseqOptimizer:
            def set_lr(self, lr: float) -> None:
                self.lr = lr

            def get_lr(self) -> float:
                return self.lr

        registry: dict[str, Any] = {}

        def register(name: str, dataclass: Any = None) -> Any:
            return lambda cls: registry.setdefault(name, (cls, dataclass)) and cls

        with standing_in(
            omegaconf={"II": lambda name: f"${{{name}}}", "DictConfig": dict},
            fairseq={},
            fairseq__dataclass={"FairseqDataclass": object},
            fairseq__dataclass__utils={"gen_parser_from_dataclass": None},
            fairseq__optim={"FairseqOptimizer": FairseqOptimizer},
            fairseq__optim__lr_scheduler={"register_lr_scheduler": register},
        ):
            base = loaded(path / "fairseq_lr_scheduler.py", "fairseq.optim.lr_scheduler.fairseq_lr_scheduler")
            sys.modules["fairseq.optim.lr_scheduler"].FairseqLRScheduler = base.FairseqLRScheduler  # type: ignore[attr-defined]
            for file in sorted(path.glob("*.py")):
                if file.stem not in ("__init__", "fairseq_lr_scheduler", "manual_lr_scheduler", "reduce_lr_on_plateau"):
                    loaded(file, f"fairseq.optim.lr_scheduler.{file.stem}")
        return registry, FairseqOptimizer

    def _ask_fairseq(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        registry, optimizer = module
        cls, config = registry[given["lr_scheduler"]]
        values = {f.name: f.default for f in dataclasses.fields(config)}
        values = {k: given.get(k, v) for k, v in values.items()}
        values["lr"] = given["lr"]
        outer = {"max_update": given.get("max_update", 0)}
        values = {k: outer.get(k, 0) if isinstance(v, str) and v.startswith("${") else v for k, v in values.items()}
        if values.get("total_num_update") == 0:
            values["total_num_update"] = outer["max_update"]
        scheduler = cls(types.SimpleNamespace(**values), optimizer())
        scheduler.step_begin_epoch(1)
        return lambda t: scheduler.step_update(t)

    # -- DeepSpeed: the engine steps the scheduler after each update

    def _deepspeed(self, path: Path) -> Any:
        with standing_in(deepspeed={}, deepspeed__utils={"logger": Quiet()}, deepspeed__runtime={}):
            return loaded(path, "deepspeed.runtime.lr_schedules")

    def _ask_deepspeed(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        optimizer = _optimizer(given["lr"])
        scheduler = getattr(module, given["type"])(optimizer, **given["params"])

        def at(t: int) -> float:
            value = optimizer.param_groups[0]["lr"]
            scheduler.step()
            return float(value)

        return at

    # -- Megatron: counts samples, as training.get_optimizer_param_scheduler has it

    def _megatron(self, path: Path) -> Any:
        with standing_in(
            megatron={}, megatron__core={}, megatron__core__utils={"log_single_rank": lambda *args, **kwargs: None}
        ):
            return loaded(path, "megatron.core.optimizer_param_scheduler")

    def _ask_megatron(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        batch = given.get("global_batch_size", 1)
        unit, scale = ("samples", 1) if {"train_samples", "lr_decay_samples"} & set(given) else ("iters", batch)
        end = given.get(f"lr_decay_{unit}") or given[f"train_{unit}"]
        warmup = given.get(f"lr_warmup_{unit}", 0) * scale
        if given.get("lr_warmup_fraction") is not None:
            warmup = given["lr_warmup_fraction"] * end * scale
        tail = given.get(f"lr_wsd_decay_{unit}")
        optimizer = _optimizer(given["lr"])
        scheduler = module.OptimizerParamScheduler(
            optimizer,
            init_lr=given.get("lr_warmup_init", 0.0),
            max_lr=given["lr"],
            min_lr=given.get("min_lr", 0.0),
            lr_warmup_steps=warmup,
            lr_decay_steps=end * scale,
            lr_decay_style=given.get("lr_decay_style", "linear"),
            wsd_decay_steps=None if tail is None else tail * scale,
            lr_wsd_decay_style=given.get("lr_wsd_decay_style", "exponential"),
            start_wd=0.0,
            end_wd=0.0,
            wd_incr_steps=end,
            wd_incr_style="constant",
        )

        def at(t: int) -> float:
            value = optimizer.param_groups[0]["lr"]
            scheduler.step(batch)
            return float(value)

        return at

    # -- Composer: asked with the number of batches so far

    def _composer(self, path: Path) -> Any:
        root = path.parents[1]
        with standing_in(
            composer={}, composer__core={}, composer__utils={}, composer__core__serializable={"Serializable": object}
        ):
            words = loaded(root / "utils" / "string_enum.py", "composer.utils.string_enum")
            sys.modules["composer.utils"].StringEnum = words.StringEnum  # type: ignore[attr-defined]
            time = loaded(root / "core" / "time.py", "composer.core.time")
            sys.modules["composer.core"].__dict__.update(
                {"State": object, "Time": time.Time, "TimeUnit": time.TimeUnit}
            )
            return loaded(path, "composer.optim.scheduler"), time

    def _ask_composer(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        module, time = module
        given = dict(given)
        run = time.Time.from_timestring(given.pop("max_duration"))
        ratio = given.pop("scale_schedule_ratio", 1.0)
        rates = [given.pop(word, None) for word in ("batches_per_epoch", "samples_per_batch", "tokens_per_batch")]
        scheduler = getattr(module, given.pop("scheduler"))(**given)
        if ratio != 1.0:  # as Trainer.__init__ does
            run = time.Time(int(run.value * ratio), run.unit)

        def at(t: int) -> float:
            counted = {"batch": t, "sample": t * (rates[1] or 1), "token": t * (rates[2] or 1)}
            stamp = time.Timestamp(epoch=int(t / (rates[0] or 1)), **counted)
            state = types.SimpleNamespace(max_duration=run, dataloader_len=rates[0], timestamp=stamp)
            return float(scheduler(state, ratio))

        return at

    # -- OLMo-core: its trainer counts from 1

    def _olmo(self, path: Path) -> Any:
        import enum

        class Registered:
            @classmethod
            def register(cls, name: str) -> Any:
                return lambda other: other

        class Words(enum.StrEnum):
            pass

        with standing_in(
            olmo_core={},
            olmo_core__config={"Config": type("Config", (), {}), "Registrable": Registered, "StrEnum": Words},
            olmo_core__distributed={},
            olmo_core__distributed__utils={"get_rank": lambda: 0},
            olmo_core__exceptions={"OLMoConfigurationError": type("OLMoConfigurationError", (ValueError,), {})},
            olmo_core__optim={},
            olmo_core__optim__config={"INITIAL_LR_FIELD": "initial_lr", "LR_FIELD": "lr"},
        ):
            return loaded(path, "olmo_core.optim.scheduler")

    def _ask_olmo(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        given = dict(given)
        end, lr = given.pop("max_steps"), given.pop("lr")
        scheduler = self._made_olmo(module, given)
        return lambda t: scheduler.get_lr(lr, t + 1, end) if t < end else scheduler.get_lr(lr, end, end)

    def _made_olmo(self, module: Any, given: dict[str, Any]) -> Any:
        given = dict(given)
        inner = {
            word: [self._made_olmo(module, one) for one in value] if word == "schedulers" else value
            for word, value in given.items()
            if word != "_CLASS_"
        }
        if "stages" in inner:
            inner["stages"] = [module.ComposableSchedulerStage(**stage) for stage in inner["stages"]]
        return getattr(module, given["_CLASS_"])(**inner)

    # -- torchtitan: a LambdaLR, stepped after each update

    def _torchtitan(self, path: Path) -> Any:
        class Configurable:
            class Config:
                pass

        with standing_in(
            torchtitan={},
            torchtitan__config={"Configurable": Configurable},
            torchtitan__tools={},
            torchtitan__tools__logging={"logger": Quiet()},
            torchtitan__components={},
            torchtitan__components__optimizer={},
            torchtitan__components__optimizer__optimizer={"OptimizersContainer": list},
        ):
            return loaded(path, "torchtitan.components.optimizer.lr_scheduler")

    def _ask_torchtitan(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        given = dict(given)
        lr, end = given.pop("lr"), given.pop("steps")
        optimizer = _optimizer(lr)
        container = module.LRSchedulersContainer.Config(**given).build(optimizers=[optimizer], training_steps=end)

        def at(t: int) -> float:
            value = optimizer.param_groups[0]["lr"]
            optimizer.step()
            container.step()
            return float(value)

        return at

    # -- timm: `step(epoch + 1)` after each epoch, `step_update(n)` after each update

    def _timm(self, path: Path) -> Any:
        with standing_in(timm={}, timm__scheduler={"__path__": [str(path)]}):
            sys.modules["timm.scheduler"].__path__ = [str(path)]
            return importlib.import_module("timm.scheduler.scheduler_factory")

    def _ask_timm(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        given = dict(given)
        optimizer = _optimizer(given.pop("lr"))
        scheduler, _ = module.create_scheduler_v2(optimizer, **given)
        by_epoch = given.get("step_on_epochs", True)

        def at(t: int) -> float:
            if t and scheduler is not None:
                scheduler.step(t) if by_epoch else scheduler.step_update(t)
            return float(optimizer.param_groups[0]["lr"])

        return at

    # -- fvcore: asked with the progress of the run

    def _fvcore(self, path: Path) -> Any:
        return loaded(path, "_fvcore_param_scheduler")

    def _ask_fvcore(self, module: Any, given: dict[str, Any], updates: int) -> Any:
        scheduler = self._made_fvcore(module, given["scheduler"])
        return lambda t: scheduler(t / given["updates"])

    def _made_fvcore(self, module: Any, given: list[Any]) -> Any:
        name, words = given
        members = {w: [self._made_fvcore(module, m) for m in v] if w == "schedulers" else v for w, v in words.items()}
        return getattr(module, name)(**members)


def _optimizer(lr: float) -> Any:
    import torch

    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def found() -> Peers | None:
    """The libraries' own code, where LRLAB_PEERS says it is."""
    folder = os.environ.get("LRLAB_PEERS")
    return Peers(Path(folder)) if folder else None


def _rows(peers: Peers, library: str, configurations: Any) -> Iterator[list[Any]]:
    """Random configurations that the library takes, and its LRs at some updates."""
    seed = count = 0
    while count < ROWS:
        given = configurations.CONFIGURATIONS[library](seed, random.Random(seed))
        given = json.loads(json.dumps(given))
        seed += 1
        ends = configurations.asked(library, given)
        end = ends or given.get("max_update") or 120
        seen: list[float] = []
        with contextlib.suppress(*RAISES):
            seen = peers.curve(library, given, ends or end * 3 // 2)
        if seen:
            count += 1
            at = sorted(
                {*range(min(6, len(seen))), *random.Random(seed).sample(range(len(seen)), min(POINTS, len(seen)))}
            )
            yield [given, at, [seen[t] for t in at]]


def main(folder: str) -> None:
    """Write the golden files of all libraries."""
    sys.path.insert(0, str(GOLDEN))
    configurations = importlib.import_module("configurations")
    peers = Peers(Path(folder))
    for library, (source, file) in SOURCES.items():
        document = {
            "source": f"{source}, {file}",
            "made": "python tests/dialects/golden/peers.py FOLDER",
            "rows": list(_rows(peers, library, configurations)),
        }
        lines = [json.dumps(row) for row in document.pop("rows")]
        head = json.dumps(document)[:-1]
        (GOLDEN / f"{library}.json").write_text(head + ', "rows": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main(sys.argv[1])
