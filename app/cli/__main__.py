"""`python -m app.cli`: the command where its script is not on the path."""

from app.cli import main

# The guard matters: each worker process of `serve --workers` imports this module again.
if __name__ == "__main__":
    main()
