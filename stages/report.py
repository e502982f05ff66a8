"""Write the report: `python -m stages.report`."""

import click

from pipeline import artifacts, paths, report, settings
from pipeline.errors import UserError, reported
from pipeline.report.wording import counted


@click.command()
@reported
def main() -> None:
    """Put the results of all data sets into one HTML page and one Markdown page, and describe each model on a card."""
    params = settings.load()
    _refuse_leftovers(params)
    view = report.build(params)
    pages = {
        paths.REPORTS / "index.html": report.html(view),
        paths.REPORTS / "index.md": report.markdown(view, paths.REPORTS),
    }
    cards = {name: report.card(content, paths.CARDS) for name, content in view.cards.items()}
    for path, text in pages.items():
        with artifacts.replacing_file(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    with artifacts.replacing_folder(paths.CARDS) as folder:  # whole, so that no card of a removed model is left
        for name, text in cards.items():
            (folder / paths.card(name).name).write_text(text, encoding="utf-8", newline="\n")
    told = f"{counted(len(view.sections), 'data set')}, {counted(len(cards), 'model')}"
    click.echo(f"{told}: open {paths.REPORTS / 'index.html'} in a browser")


def _refuse_leftovers(params: settings.Settings) -> None:
    """Refuse folders of data sets that params.yaml no longer names: DVC would hash them along."""
    for home in (paths.PREPARED, paths.MODELS, paths.RESULTS):
        found = sorted(path.name for path in home.glob("[!.]*"))
        if left := [name for name in found if name not in params.datasets]:
            raise UserError(
                f"{home / left[0]}: params.yaml names no such data set; delete that folder, run `dvc repro`"
            )


if __name__ == "__main__":
    main()
