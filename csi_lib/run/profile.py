"""Where the time and the memory of the reports went."""

from __future__ import annotations

from collections.abc import Sequence


def profile_of(outcomes: Sequence[dict]) -> dict:
    """Means per report of seconds and processor seconds, and the largest memory, by stage (chapters, then rendering).

    `outcomes` are those of the ledger; reports that failed or were made by an older version do not enter.
    """
    made = [o for o in outcomes if o.get("ok") and o.get("cpu")]
    stages = dict.fromkeys(name for o in made for name in o["cpu"])

    def over(field: str, name: str) -> list[float]:
        return [o[field][name] for o in made if name in o.get(field, {})]

    table = {
        name: {
            "seconds": sum(found := over("seconds", name)) / len(found),
            "cpu": sum(found := over("cpu", name)) / len(found),
            "memory": max(over("memory", name), default=0),
        }
        for name in stages
    }
    slowest = sorted(
        ((f"{o['agency']} {o['year']}", o["seconds"].get("total", 0.0)) for o in made), key=lambda x: -x[1]
    )
    count = max(len(made), 1)
    return {
        "reports": len(made),
        "seconds": sum(o["seconds"].get("total", 0.0) for o in made) / count,
        "cpu": sum(sum(o["cpu"].values()) for o in made) / count,
        "memory": max((c["memory"] for c in table.values()), default=0),
        "stages": table,
        "slowest": slowest[:5],
    }
