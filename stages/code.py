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
    paths.CODE.mkdir(exist_ok=True)
    for name in names:
        found = closure.digests(Path("stages", f"{name}.py"))
        artifacts.write_json(paths.CODE / f"{name}.json", found)
        click.echo(f"{name}: runs on {len(found)} files")


if __name__ == "__main__":
    main()
