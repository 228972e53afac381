"""`python -m lrlab`: the command line."""

from lrlab.cli import main

main(prog_name="lrlab")
