"""Write the files of all dashboards, and remove those that are no more."""

from dashboards import boards, grafana


def main() -> None:
    grafana.FOLDER.mkdir(exist_ok=True)
    wanted = {f"{board.name}.json": grafana.text(board) for board in boards.ALL}
    for path in grafana.FOLDER.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (grafana.FOLDER / name).write_text(text)
        print(grafana.FOLDER / name)


main()
