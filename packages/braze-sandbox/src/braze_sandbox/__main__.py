"""Run with `python -m braze_sandbox`."""

from braze_sandbox.cli import main

main()
