"""The tasks are loaded as a user's files are, each beside the other; they hold no tests of their own."""

collect_ignore_glob = ["*_tasks.py", "common.py"]
