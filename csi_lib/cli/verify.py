"""csi verify: is everything under an output folder what was published, and does every number say what its row says?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: Annotated[str, typer.Argument(help="folder or name of the study, or an output folder", metavar="STUDY|OUT")],
    out: o.Out = None,
    data: o.Data = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="make every report again from the data and compare")
    ] = False,
    sign: Annotated[
        Path | None, typer.Option(help="private Ed25519 key of OpenSSH: sign the round when nothing was found")
    ] = None,
    signer: Annotated[
        Path | None, typer.Option(help="file of public keys (.pub or allowed_signers), one of which must have signed")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Check what was published: every file against its manifest and the round's root, every number against results.parquet."""
    from csi_lib.errors import InputError
    from csi_lib.run.pipeline import default_out
    from csi_lib.run.signing import sign_root
    from csi_lib.run.verification import signature_findings, verify_round
    from csi_lib.study.study import load_study

    folder, declared = Path(study).expanduser(), None
    if out is None and folder.is_dir() and not (folder / "study.yml").is_file():
        out = folder
        if recompute:
            raise InputError("the study is needed to make its reports again", where="--recompute",
                             action=f"csi verify STUDY --out {study} --recompute")  # fmt: skip
    else:
        declared = load_study(study)
    place = Path(out).resolve() if out else default_out(declared)
    done = verify_round(place)
    done.findings += signature_findings(place, signer)
    if recompute:
        from csi_lib.run.verification.recompute import recompute_findings

        done.findings += recompute_findings(declared, place, data=data)
    if sign and not done.findings:
        done.notes.append(f"signed: {sign_root(place, sign)}")
    elif sign:
        done.notes.append("not signed: something was found")
    if as_json:
        o.print_json({"findings": done.findings, "notes": done.notes, "reports": done.reports})
    else:
        for finding in done.findings:
            typer.echo(finding)
        for note in done.notes:
            typer.echo(f"note: {note}")
        typer.echo(f"{len(done.findings)} findings")
    return 1 if done.findings else 0
