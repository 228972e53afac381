"""The commands: a file NAME.py in this folder is `lrlab NAME`, and holds it as `command`. There is no other list."""
