"""Note which code each stage runs on."""

from pathlib import Path

import click

from pipeline import artifacts, closure, paths
from pipeline.errors import reported


@click.command()
@click.argument("names", nargs=-1, required=True)
@reported
def main(names: tuple[str, ...]) -> None:
    """Write to code/NAME.json the digest of each file that stage NAME imports, directly or not."""
    for name in names:
        found = closure.digests(Path("stages", f"{name}.py"))
        with artifacts.replacing_file(paths.CODE / f"{name}.json") as partial:
            artifacts.write_json(partial, found)
        click.echo(f"{name}: runs on {len(found)} files")


if __name__ == "__main__":
    main()
