"""`python -m bidmere`: the engine without the desk."""

from bidmere.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
