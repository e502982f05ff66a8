"""Write the report: `python -m stages.report`."""

import click

from pipeline import files, leftovers, paths, report
from pipeline.execution import background
from pipeline.params import load_params
from pipeline.report.format import format_quantity
from stages.command import reports_errors


@click.command()
@reports_errors
def main() -> None:
    """Write the results of all data sets as one HTML page and one Markdown page, and a model card for each model."""
    params = load_params()
    leftovers.refuse(params.model_names)
    view = report.build(params)
    pages = {
        paths.REPORTS / "index.html": report.render_html(view),
        paths.REPORTS / "index.md": report.render_markdown(view, paths.REPORTS),
    }
    model_cards = {
        name: report.render_model_card(content, paths.MODEL_CARDS) for name, content in view.model_cards.items()
    }
    for path, text in pages.items():
        with files.replacing_file(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    # The whole folder, so that no model card of a removed model is left.
    with files.replacing_folder(paths.MODEL_CARDS) as folder:
        for name, text in model_cards.items():
            (folder / paths.model_card(name).name).write_text(text, encoding="utf-8", newline="\n")
    contents = f"{format_quantity(len(view.sections), 'data set')}, {format_quantity(len(model_cards), 'model')}"
    click.echo(f"{contents}: open {paths.REPORTS / 'index.html'} in a browser")
    background.announce(click.echo, background.REPORT)


if __name__ == "__main__":
    main()
