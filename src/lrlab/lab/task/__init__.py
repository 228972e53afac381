"""The task: a user's training function in any of its forms, and what identifies it."""

from lrlab.lab.task.declaration import Settings, Task, built_in_tasks, load_task, task, task_of

__all__ = ["Settings", "Task", "built_in_tasks", "load_task", "task", "task_of"]
