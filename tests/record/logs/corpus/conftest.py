"""The script that makes the corpus is no test."""

collect_ignore = ["make.py"]
