"""`python -m lrlab`: the command line."""

from lrlab.cli.main import main

main(prog_name="lrlab")
