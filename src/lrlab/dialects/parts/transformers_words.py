"""The words of Hugging Face Transformers: of its TrainingArguments, its functions, and what these are made of."""

# The library's functions behind the names.
LAMBDAS = {
    "_get_constant_lambda": "constant",
    "_get_constant_schedule_with_warmup_lr_lambda": "constant_with_warmup",
    "_get_linear_schedule_with_warmup_lr_lambda": "linear",
    "_get_cosine_schedule_with_warmup_lr_lambda": "cosine",
    "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": "cosine_with_restarts",
    "_get_polynomial_decay_schedule_with_warmup_lr_lambda": "polynomial",
    "_get_inverse_sqrt_schedule_lr_lambda": "inverse_sqrt",
    "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": "cosine_warmup_with_min_lr",
    "_get_wsd_scheduler_lambda": "warmup_stable_decay",
}

WORDS = {  # words of TrainingArguments and training scripts, and their names in get_scheduler
    "lr_scheduler_type": "name",
    "warmup_steps": "num_warmup_steps",
    "num_warmup_steps": "num_warmup_steps",
    "warmup_ratio": "warmup_ratio",
    "max_steps": "num_training_steps",
    "max_train_steps": "num_training_steps",
    "num_training_steps": "num_training_steps",
    "learning_rate": "learning_rate",
    "lr_scheduler_kwargs": "lr_scheduler_kwargs",
}
STEPS = ("num_warmup_steps", "num_training_steps")
GETTERS: dict[str, tuple[str, tuple[str, ...]]] = {  # the library's functions, and their arguments after the optimizer
    "get_constant_schedule": ("constant", ()),
    "get_constant_schedule_with_warmup": ("constant_with_warmup", STEPS[:1]),
    "get_linear_schedule_with_warmup": ("linear", STEPS),
    "get_cosine_schedule_with_warmup": ("cosine", (*STEPS, "num_cycles")),
    "get_cosine_with_hard_restarts_schedule_with_warmup": ("cosine_with_restarts", (*STEPS, "num_cycles")),
    "get_polynomial_decay_schedule_with_warmup": ("polynomial", (*STEPS, "lr_end", "power")),
    "get_inverse_sqrt_schedule": ("inverse_sqrt", ("num_warmup_steps", "timescale")),
    "get_cosine_with_min_lr_schedule_with_warmup": (
        "cosine_with_min_lr",
        (*STEPS, "num_cycles", "last_epoch", "min_lr", "min_lr_rate"),
    ),
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": (
        "cosine_warmup_with_min_lr",
        (*STEPS, "num_cycles", "last_epoch", "min_lr", "min_lr_rate", "warmup_lr_rate"),
    ),
    "get_wsd_schedule": (
        "warmup_stable_decay",
        (
            *("num_warmup_steps", "num_decay_steps", "num_training_steps", "num_stable_steps"),
            *("warmup_type", "decay_type", "min_lr_ratio", "num_cycles"),
        ),
    ),
    "get_reduce_on_plateau_schedule": ("reduce_lr_on_plateau", ()),
    "get_scheduler": ("", ("num_warmup_steps", "num_training_steps", "scheduler_specific_kwargs")),
}
