"""Random configurations of the libraries that do not run in the tests, edges among them, and how ours are read."""

import random
from typing import Any

from lrlab import dialects
from lrlab.dialects import Imported

FAIRSEQ = ("fixed", "inverse_sqrt", "polynomial_decay", "cosine", "tri_stage", "triangular", "step")
DEEPSPEED = ("WarmupLR", "WarmupDecayLR", "WarmupCosineLR", "OneCycle", "LRRangeTest")
MEGATRON = ("constant", "linear", "cosine", "inverse-square-root", "WSD")
OLMO = (
    *("ConstantScheduler", "ConstantWithWarmup", "WSD", "LinearWithWarmup", "InvSqrtWithWarmup", "CosWithWarmup"),
    *("HalfCosWithWarmup", "CosWithWarmupAndLinearDecay", "SequentialScheduler", "WSDS", "ExponentialScheduler"),
)
TIMM = ("cosine", "tanh", "poly", "step", "multistep", "wsd", "rsqrt", "constant", "none")
COMPOSER = (
    *("Step", "MultiStep", "Constant", "Linear", "Exponential", "CosineAnnealing", "CosineAnnealingWarmRestarts"),
    *("Polynomial", "MultiStepWithWarmup", "ConstantWithWarmup", "LinearWithWarmup", "CosineAnnealingWithWarmup"),
    "PolynomialWithWarmup",
)


def fairseq(seed: int, rng: random.Random) -> dict[str, Any]:
    """The options of one scheduler."""
    name = FAIRSEQ[seed % len(FAIRSEQ)]
    lr, warmup = rng.choice([5e-4, 0.1]), rng.choice([0, 1, rng.randint(2, 40)])
    shared: dict[str, Any] = {"lr_scheduler": name, "lr": [lr], "max_update": rng.randint(60, 200)}
    start = {"warmup_updates": warmup, "warmup_init_lr": rng.choice([-1, 0.0, 1e-7])}
    shrink = {"lr_shrink": rng.choice([0.1, 0.9, 1.0])}
    match name:
        case "fixed":
            return {**shared, "warmup_updates": warmup}
        case "inverse_sqrt":
            return {**shared, **start, "warmup_updates": max(1, warmup)}
        case "polynomial_decay":
            end = {"end_learning_rate": rng.choice([0.0, 1e-5, lr]), "power": rng.choice([1.0, 2.0, 0.5, 0.0])}
            total = rng.choice([{}, {"total_num_update": rng.randint(1, 150)}])
            return {**shared, "warmup_updates": warmup, **end, **total}
        case "cosine":
            period = {"lr_period_updates": rng.choice([-1, rng.randint(3, 80)]), "t_mult": rng.choice([1, 2, 1.5, 0.6])}
            return {**shared, **start, **shrink, **period, "min_lr": rng.choice([0.0, 1e-5, lr / 2])}
        case "tri_stage":
            steps = {"warmup_steps": warmup, "hold_steps": rng.choice([0, 9]), "decay_steps": rng.randint(1, 90)}
            given = rng.choice([steps, {"phase_ratio": [0.1, 0.4, 0.5]}, {"phase_ratio": [0.25, 0.25, 0.5]}])
            return {
                **shared,
                **given,
                "init_lr_scale": rng.choice([0.01, 1.0]),
                "final_lr_scale": rng.choice([0.01, 0.5]),
            }
        case "triangular":
            period = {"lr_period_updates": rng.choice([2, 10, 25, 60]), "shrink_min": rng.random() < 0.5}
            return {**shared, **shrink, **period, "max_lr": 4 * lr}
    falls = {"lr_deacy_period": rng.randint(1, 60), "lr_decay": rng.choice([0.5, 0.1, 1.0])}
    return {**shared, **start, **falls, "min_lr": rng.choice([0.0, 1e-5, lr / 5])}


def deepspeed(seed: int, rng: random.Random) -> dict[str, Any]:
    """A type and its params, and the optimizer's own LR."""
    name = DEEPSPEED[seed % len(DEEPSPEED)]
    warmup = {"warmup_num_steps": rng.choice([1, 2, rng.randint(3, 40)]), "warmup_type": rng.choice(["log", "linear"])}
    low = {"warmup_min_lr": rng.choice([0.0, 1e-5, 1e-3])}
    total = {"total_num_steps": rng.choice([1, 2, rng.randint(3, 150)])}
    match name:
        case "WarmupLR":
            given = {**warmup, **low, **rng.choice([{}, {"warmup_max_lr": 1e-3}])}
        case "WarmupDecayLR":
            given = {**warmup, **low, **total, "warmup_max_lr": 1e-3}
        case "WarmupCosineLR":
            ratios = {"warmup_min_ratio": rng.choice([0.0, 0.1]), "cos_min_ratio": rng.choice([0.0001, 0.1, 1.0])}
            given = {**warmup, **total, **ratios}
        case "OneCycle":
            given = {
                "cycle_min_lr": rng.choice([1e-4, 0.0]),
                "cycle_max_lr": 1e-3,
                "cycle_first_step_size": rng.randint(1, 40),
                "cycle_second_step_size": rng.choice([None, 0, rng.randint(1, 40)]),
                "cycle_first_stair_count": rng.choice([0, 0, rng.randint(1, 9)]),
                "cycle_second_stair_count": rng.choice([None, 0, rng.randint(1, 9)]),
                "decay_step_size": rng.choice([0, rng.randint(1, 20)]),
                "decay_lr_rate": rng.choice([0.0, 0.5]),
            }
        case _:
            given = {
                "lr_range_test_min_lr": 1e-5,
                "lr_range_test_step_size": rng.choice([1, 2, rng.randint(3, 50)]),
                "lr_range_test_step_rate": rng.choice([0.0, 1.0, rng.uniform(0.1, 3)]),
                "lr_range_test_staircase": rng.random() < 0.5,
            }
    return {"type": name, "params": given, "lr": 3e-4}


def megatron(seed: int, rng: random.Random) -> dict[str, Any]:
    """Arguments of one decay style, in iterations or in samples."""
    batch, unit = rng.choice([1, 4, 32]), rng.choice(["iters", "iters", "samples"])
    end = rng.randint(2, 200) * (batch if unit == "samples" else 1) + (unit == "samples") * rng.randint(0, batch - 1)
    return {
        "lr": 3e-4,
        "min_lr": rng.choice([0.0, 3e-5, 3e-4]),
        "lr_warmup_init": rng.choice([0.0, 1e-5, 3e-4]),
        "global_batch_size": batch,
        f"lr_warmup_{unit}": rng.choice([0, 1, rng.randint(1, max(1, end // 2))]),
        "lr_warmup_fraction": rng.choice([None, None, 0.0, 0.01, 0.1, rng.uniform(0.001, 0.9)]),
        f"lr_decay_{unit}" if rng.random() < 0.5 else f"train_{unit}": end,
        "lr_decay_style": MEGATRON[seed % len(MEGATRON)],
        f"lr_wsd_decay_{unit}": rng.randint(1, end),
        "lr_wsd_decay_style": rng.choice(["linear", "cosine", "exponential", "minus_sqrt"]),
    }


def olmo(seed: int, rng: random.Random) -> dict[str, Any]:
    """A scheduler of OLMo-core over some steps."""
    end = rng.choice([1, 2, 10, rng.randint(20, 200)])
    return {**_olmo(OLMO[seed % len(OLMO)], end, rng), "max_steps": end, "lr": 1e-3}


def _olmo(name: str, end: int, rng: random.Random) -> dict[str, Any]:
    warmup: dict[str, Any] = rng.choice(
        [{"warmup": rng.randint(0, end)}, {"warmup_fraction": rng.choice([0.0, 0.1, 0.33])}]
    )
    warmup["warmup_min_lr"] = rng.choice([0.0, 1e-5])
    decay: dict[str, Any] = rng.choice(
        [{"decay": rng.randint(0, end), "decay_fraction": None}, {"decay_fraction": rng.choice([0.0, 0.1, 0.5])}]
    )
    decay["decay_min_lr"] = rng.choice([0.0, 1e-5])
    floor = {"alpha_f": rng.choice([0.0, 0.1, 1.0])}
    t_max = {"t_max": rng.choice([None, None, end + 7, max(1, end - 3)])}
    match name:
        case "ConstantScheduler":
            given: dict[str, Any] = {}
        case "ConstantWithWarmup":
            given = warmup
        case "WSD":
            given = {**warmup, **decay}
        case "InvSqrtWithWarmup":
            given = {**warmup, **floor}
        case "CosWithWarmupAndLinearDecay":
            given = {**warmup, **floor, **t_max, **decay}
        case "ExponentialScheduler":
            given = {"lr_min": rng.choice([1e-9, 1e-5])}
        case "WSDS":
            lengths = [rng.randint(5, 60) for _ in range(rng.randint(1, 3))]
            given = {"period_lengths": lengths, "warmup": rng.randint(0, 2), "decay": rng.randint(0, 3)}
            given["decay_min_lr"] = rng.choice([0.0, 1e-5])
        case "SequentialScheduler":
            names = rng.sample(["ConstantWithWarmup", "LinearWithWarmup", "CosWithWarmup", "WSD"], rng.randint(1, 3))
            members = [
                {**_olmo(one, 9, rng), "warmup": 3, "warmup_fraction": None, "warmup_min_lr": 0.0} for one in names
            ]
            given = {"schedulers": members, "schedulers_max": [rng.randint(5, 60) for _ in names[1:]]}
        case _:
            given = {**warmup, **floor, **t_max}
    return {"_CLASS_": name, **given}


def timm(seed: int, rng: random.Random) -> dict[str, Any]:
    """Arguments of the factory."""
    lr, n = rng.choice([1.0, 1e-3]), rng.randint(3, 60)
    per_epoch = rng.choice([0, 0, 3])
    return {
        "sched": TIMM[seed % len(TIMM)],
        "lr": lr,
        "num_epochs": n,
        "min_lr": rng.choice([0.0, lr / 100, lr / 100, 2 * lr]),
        "warmup_epochs": rng.choice([0, 0, rng.randint(1, 2)]),
        "warmup_lr": rng.choice([0.0, lr / 10]),
        "warmup_prefix": rng.random() < 0.5,
        "decay_epochs": rng.choice([None, rng.randint(1, n), 0.3, 2.4]),
        "decay_milestones": sorted(rng.sample(range(1, n + 1), rng.randint(1, min(3, n)))),
        "decay_rate": rng.choice([0.1, 0.9, 1.0]),
        "cycle_mul": rng.choice([1.0, 1.0, 2.0, 1.5]),
        "cycle_decay": rng.choice([1.0, 0.5]),
        "cycle_limit": rng.randint(1, 3),
        "k_decay": rng.choice([1.0, 1.0, 2.0]),
        "decay_fn": rng.choice([None, "linear", "cosine", "1-sqrt", "exp", "power"]),
        "stable_timescale": rng.choice([None, rng.randint(1, n)]),
        "step_on_epochs": per_epoch == 0,
        "updates_per_epoch": per_epoch,
    }


def composer(seed: int, rng: random.Random) -> dict[str, Any]:
    """A scheduler of Composer, with times in all units."""
    name = COMPOSER[seed % len(COMPOSER)] + "Scheduler"
    unit = rng.choice(["ep", "ba", "sp", "tok"])
    scale = {"ep": 1 / 13, "ba": 1, "sp": 4, "tok": 32}[unit]
    n = max(1, int(rng.randint(40, 150) * scale))

    def time(low: float, high: float) -> str:
        share = rng.uniform(low, high)
        return rng.choice([f"{max(1, int(n * share))}{unit}", f"{share:.2f}dur"])

    given: dict[str, Any] = {}
    kind = name.removesuffix("Scheduler")
    if kind.endswith("WithWarmup"):
        given = {"t_warmup": time(0.05, 0.4), "scale_warmup": rng.random() < 0.3}
    if kind.startswith("Step"):
        given |= {"step_size": time(0.05, 0.4), "gamma": rng.choice([0.1, 0.9])}
    elif kind.startswith("MultiStep"):
        given |= {"milestones": [time(0.1, 0.5), time(0.5, 0.9)], "gamma": rng.choice([0.1, 0.9])}
    elif kind.startswith("Constant"):
        given |= {"alpha": rng.choice([1.0, 0.3]), "t_max": "1dur"}
    elif kind.startswith("Linear"):
        given |= {"alpha_i": rng.choice([1.0, 0.5]), "alpha_f": rng.choice([0.0, 0.1, 1.0]), "t_max": "1dur"}
    elif kind == "Exponential":
        given |= {"gamma": rng.choice([0.9, 0.5]), "decay_period": time(0.05, 0.4)}
    elif kind == "CosineAnnealingWarmRestarts":
        given |= {"t_0": time(0.1, 0.4), "t_mult": rng.choice([1.0, 2.0, 1.5]), "alpha_f": rng.choice([0.0, 0.1])}
    else:
        given |= {"t_max": "1dur", "alpha_f": rng.choice([0.0, 0.1, 1.0])}
        given |= {"power": rng.choice([1.0, 2.0, 0.5])} if kind.startswith("Polynomial") else {}
    rates = {"batches_per_epoch": 13, "samples_per_batch": 4, "tokens_per_batch": 32}
    return {
        "scheduler": name,
        "max_duration": f"{n}{unit}",
        "scale_schedule_ratio": rng.choice([1.0, 1.0, 0.5]),
        **rates,
        **given,
    }


def torchtitan(seed: int, rng: random.Random) -> dict[str, Any]:
    """The lr_scheduler section, and the steps of the run."""
    end = rng.choice([1, 2, rng.randint(3, 150)])
    return {
        "lr": 8e-4,
        "steps": end,
        "warmup_steps": rng.choice([0, 1, rng.randint(0, end + 3)]),
        "total_steps": rng.choice([None, None, rng.randint(1, 150)]),
        "decay_ratio": rng.choice([None, 0.0, 0.1, 0.8, 1.0]),
        "decay_type": rng.choice(["linear", "sqrt", "cosine"]),
        "min_lr_factor": rng.choice([0.0, 0.1, 1.0]),
    }


def fvcore(seed: int, rng: random.Random) -> dict[str, Any]:
    """A scheduler of fvcore with members."""
    return {"updates": rng.choice([1, 2, 10, rng.randint(20, 150)]), "scheduler": _fvcore(seed, rng)}


def _fvcore(seed: int, rng: random.Random) -> list[Any]:
    first, last = rng.choice([0.1, 1.0, 0.0]), rng.choice([0.1, 0.0, 0.01])
    values = [0.5**k for k in range(rng.randint(1, 4))]
    kinds: list[list[Any]] = [
        ["ConstantParamScheduler", {"value": first}],
        ["CosineParamScheduler", {"start_value": first, "end_value": last}],
        ["LinearParamScheduler", {"start_value": first, "end_value": last}],
        ["PolynomialDecayParamScheduler", {"base_value": first, "power": rng.choice([0, 0.5, 1, 2])}],
        ["ExponentialParamScheduler", {"start_value": first, "decay": rng.choice([0.1, 1.0, 2.0])}],
        ["StepParamScheduler", {"num_updates": 12, "values": values}],
        ["StepWithFixedGammaParamScheduler", {"base_value": 1.0, "num_decays": 3, "gamma": 0.1, "num_updates": 12}],
        ["MultiStepParamScheduler", {"values": values, "num_updates": 30}],
        ["CompositeParamScheduler", {}],
    ]
    name, given = kinds[seed % len(kinds)]
    if name == "CompositeParamScheduler":
        count = rng.randint(1, 3)
        lengths = rng.choice([[1 / count] * count, [0.1, *[0.9 / (count - 1)] * (count - 1)] if count > 1 else [1.0]])
        given = {
            "schedulers": [_fvcore(rng.randint(0, 7), rng) for _ in range(count)],
            "lengths": lengths,
            "interval_scaling": [rng.choice(["rescaled", "fixed"]) for _ in range(count)],
        }
    return [name, given]


def asked(library: str, given: dict[str, Any]) -> int | None:
    """How many updates a library's trainer asks for, where it stops by itself; of DeepSpeed's decay, which lags by one,
    those of its run."""
    if library == "deepspeed":
        return given["params"]["total_num_steps"] if given["type"] == "WarmupDecayLR" else None
    return {"fvcore": given.get("updates"), "olmo": given.get("max_steps"), "torchtitan": given.get("steps")}.get(
        library
    )


def ours(library: str, given: dict[str, Any]) -> tuple[Imported, float]:
    """The same configuration through our import, and what its multiples are of."""
    if library == "deepspeed":
        found = dialects.from_deepspeed({"type": given["type"], "params": given["params"]}, lr=given["lr"])
    elif library in ("fairseq", "megatron"):
        found = getattr(dialects, f"from_{library}")(given)
    elif library == "olmo":
        fields = {word: value for word, value in given.items() if word != "_CLASS_"}
        found = dialects.from_olmo(given["_CLASS_"], **fields)
    elif library == "fvcore":
        found = dialects.from_fvcore(_call(given["scheduler"]), updates=given["updates"])
    else:
        found = getattr(dialects, f"from_{library}")(**given)
    return found, 1.0 if found.base_lr is None else found.base_lr


def _call(given: list[Any]) -> str:
    name, words = given
    members = {
        w: "[" + ", ".join(_call(m) for m in v) + "]" if w == "schedulers" else repr(v) for w, v in words.items()
    }
    return f"{name}({', '.join(f'{word}={value}' for word, value in members.items())})"


CONFIGURATIONS = {
    "fairseq": fairseq,
    "deepspeed": deepspeed,
    "megatron": megatron,
    "olmo": olmo,
    "timm": timm,
    "composer": composer,
    "torchtitan": torchtitan,
    "fvcore": fvcore,
}
