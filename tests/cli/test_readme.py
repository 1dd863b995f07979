"""What the README tells people to type works when it is typed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.services import environment, require

README = Path(__file__).parents[2] / "README.md"


def test_the_shell_lines_of_the_readme_work_as_written(tmp_path: Path) -> None:
    require("openssl")
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    script = "set -euo pipefail\n" + "\n".join(blocks)
    bin_folder = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-c", f'export PATH="{bin_folder}:$PATH"\n{script}'],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "subject=C = CN, O = Bank, CN = api.bank.example" in done.stdout
    assert "Verification: OK" in done.stdout + done.stderr
    assert "TOTAL-PASSED" in done.stdout
