"""`python -m reconciler` is `reconciler`."""

from reconciler.cli.main import run

if __name__ == "__main__":
    run()
