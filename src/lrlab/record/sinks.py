"""The former place of `lrlab.record.logs.sinks`: kept for one release."""

from lrlab.record.logs.sinks import csv_log, jsonl_log, mlflow_log, tensorboard_log, wandb_log

__all__ = ["csv_log", "jsonl_log", "mlflow_log", "tensorboard_log", "wandb_log"]
