"""Start the desk: `python -m bidmere_terminal`."""

import sys

from bidmere_terminal.app import main

if __name__ == "__main__":
    sys.exit(main())
