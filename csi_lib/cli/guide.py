"""What `csi --help` says of each verb beside its own docstring: one line in Korean, and examples that a test parses."""

from __future__ import annotations

SUMMARIES_KO = {
    "new": "새 조사를 만든다. 조사 파일에서 초안을 만들거나, 모의 자료로 바로 돌아가는 폴더를 준다.",
    "check": "조사 파일과 자료를 점검한다.",
    "migrate": "옛 판의 조사 파일에서 바꿀 것을 보이고, --write로 고친다.",
    "intake": "자료 접수증: 모든 줄과 열이 어디로 갔는지.",
    "codebook": "코드북을 보고, 표로 내보내 고친 뒤 되돌린다.",
    "plan": "표본수와 배분을 계획하고 실사를 점검한다.",
    "import": "큰 응답 파일을 한 번만 Parquet으로 바꾼다.",
    "run": "빠졌거나 오래된 보고서를 모두 만든다.",
    "render": "실행된 노트북이나 .qmd 하나를 조판한다.",
    "status": "무엇이 최신이고, 만들어야 하고, 실패했는지.",
    "verify": "펴낸 파일과 숫자를 대조한다.",
    "attack": "공개된 숫자만으로 가린 숫자를 알아낼 수 있는지 본다.",
    "review": "사람이 읽어야 할 의견을 공개하기 전에 검토한다.",
    "purge": "보관 기한이 지난 자료를 파기하고 파기 대장에 적는다.",
    "trace": "찍힌 숫자의 출처를 따라간다.",
    "diff": "두 라운드나 보고서 사이에 달라진 숫자.",
    "words": "장의 글을 다른 언어로 옮길 파일을 만든다.",
    "models": "지수 모형의 산식과 출처.",
    "audit": "공표된 표에서 서로 맞지 않는 숫자.",
    "letters": "기관 안에서 쓸 안내문 명단.",
    "handbook": "고객만족 업무편람을 만든다.",
    "deliver": "납품 꾸러미를 zip 하나로 묶는다.",
    "simulate": "참값을 아는 모의 자료를 만든다.",
    "serve": "브라우저 작업대를 연다.",
    "lab": "주피터랩에서 장별 노트북을 연다.",
    "doctor": "설치 상태를 살핀다.",
}

EXAMPLES = {
    "new": ("csi new my-study", "csi new my-study --from answers_2023.csv answers_2024.csv"),
    "check": ("csi check my-study", "csi check my-study --rehearse --agency first-agency"),
    "migrate": ("csi migrate my-study", "csi migrate my-study --write"),
    "intake": ("csi intake my-study",),
    "codebook": ("csi codebook my-study", "csi codebook my-study --export codebook.xlsx"),
    "plan": ("csi plan my-study", "csi plan my-study --check 2024"),
    "import": ("csi import my-study --data /data/answers",),
    "run": (
        "csi run my-study",
        "csi run my-study --agency first-agency --year 2024 --formats html",
        "csi run my-study --failed",
    ),
    "render": ("csi render paper.ipynb", "csi render paper.qmd --formats pdf,hwpx"),
    "status": ("csi status my-study", "csi status my-study --profile"),
    "verify": ("csi verify my-study", "csi verify out/my-study --sign key"),
    "attack": ("csi attack my-study",),
    "review": ("csi review voice my-study", "csi review voice my-study --write queue.csv"),
    "purge": ("csi purge my-study --due", "csi purge my-study --before 2024-01-01 --yes"),
    "trace": ("csi trace my-study 63.9", "csi trace my-study 63.9 --agency first-agency --year 2024"),
    "diff": ("csi diff out/before out/after",),
    "words": ("csi words vi --study my-study",),
    "models": ("csi models", "csi models kcsi@40-40-20"),
    "audit": ("csi audit table.csv", "csi audit table.xlsx --spec table.yml --json"),
    "letters": ("csi letters civil-office --agency garam-city --year 2024 --out letters.xlsx",),
    "handbook": ("csi handbook my-study --formats html,hwpx",),
    "deliver": ("csi deliver my-study", "csi deliver my-study --formats hwpx,xlsx --tables pdf"),
    "simulate": ("csi simulate my-study --seed 7",),
    "serve": ("csi serve", "csi serve my-study --lang en"),
    "lab": ("csi lab my-study", "csi lab my-study --use 40-overall"),
    "doctor": ("csi doctor",),
}


def epilog(verb: str) -> str:
    """The examples as click prints them, a line each."""
    from csi_lib.cli.speech import told

    if verb not in EXAMPLES:
        return ""
    return "\b\n" + told("보기:", "Examples:") + "\n" + "\n".join(f"  {line}" for line in EXAMPLES[verb])
