"""``python -m avbench``."""

from avbench.cli import main

if __name__ == "__main__":
    main()
