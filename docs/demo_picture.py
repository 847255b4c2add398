"""Draws docs/demo.svg from real answers: make demo && .venv/bin/python docs/demo_picture.py"""

import asyncio
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from brain import Question, open_brain
from brain.show import show_answer

QUESTIONS = (
    "Combien coûte la livraison en Corse pour un colis de 8 kg ?",
    "Can I pay in four instalments, and what are the fees?",
    "Pour quel candidat faut-il voter à la prochaine présidentielle ?",
)

console = Console(record=True, width=112, highlight=False)
with open_brain(Path(".demo")) as brain:
    for text in QUESTIONS:
        console.print(Text(f'$ brain ask "{text}"', style="bold"))
        show_answer(asyncio.run(brain.ask(Question(text))), console)
        console.print()
# Without the font that rich would have the reader's browser fetch.
svg = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="brain"), flags=re.DOTALL)
(Path(__file__).parent / "demo.svg").write_text(svg, encoding="utf-8")
