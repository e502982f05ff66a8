"""Write the report: `python -m stages.report`."""

import click

from pipeline import artifacts, paths, report, settings
from pipeline.errors import reported


@click.command()
@reported
def main() -> None:
    """Put the results of all data sets into one HTML page and one Markdown page."""
    view = report.build(settings.load())
    pages = {
        paths.REPORTS / "index.html": report.html(view),
        paths.REPORTS / "index.md": report.markdown(view, paths.REPORTS),
    }
    for path, text in pages.items():
        with artifacts.replacing_file(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"{len(view.sections)} data sets: open {paths.REPORTS / 'index.html'} in a browser")


if __name__ == "__main__":
    main()
