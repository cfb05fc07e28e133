"""The table of a feed's columns as its published page prints it."""

from tierce.kernel.feed import Column


def as_markdown(columns: tuple[Column, ...]) -> str:
    lines = ["| column | type | required | sens | meaning | example |", "|---|---|---|---|---|---|"]
    for column in columns:
        kind = column.kind.replace("|", "\\|")
        required = "yes" if column.required else "no"
        lines.append(
            f"| `{column.name}` | {kind} | {required} | {column.meaning.fr} | {column.meaning.en} "
            f"| `{column.example}` |"
        )
    return "\n".join(lines) + "\n"
