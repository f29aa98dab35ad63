"""`python -m edgevision`, and the `edgevision` command."""

from edgevision.cli.main import main

if __name__ == "__main__":
    main()
