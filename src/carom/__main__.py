"""python -m carom."""

from carom.cli import main

main()
